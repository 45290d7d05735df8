//! A message with the signatures that its subscribers need.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::envelope;
use crate::error::SnsError;
use crate::message::Message;
use crate::service::Sns;
use crate::signature::{Needs, Signature, SigningKey};
use crate::subscription::{Protocol, Subscription};

/// A message, and its signatures.
#[derive(Clone, Debug)]
pub(super) struct SignedMessage {
    messages: Arc<Vec<Message>>,
    index: usize,
    signatures: BTreeMap<Protocol, Signature>,
    certificate_url: String,
}

impl SignedMessage {
    /// Signs the messages. Without needs no signature is made, and no key.
    pub(super) async fn sign_all(
        sns: &Sns,
        topic_arn: &str,
        messages: &Arc<Vec<Message>>,
        needs: &Needs,
    ) -> Result<Vec<Self>, SnsError> {
        let mut signed: Vec<_> = (0..messages.len())
            .map(|index| Self {
                messages: Arc::clone(messages),
                index,
                signatures: BTreeMap::new(),
                certificate_url: String::new(),
            })
            .collect();
        if needs.protocols.is_empty() {
            return Ok(signed);
        }
        let key = sns.signing_key().await?;
        let certificate_url = sns.certificate_url(&key);
        let (topic_arn, needs) = (topic_arn.to_owned(), needs.clone());
        let sign = move || {
            for message in &mut signed {
                message.sign(&key, &topic_arn, &needs)?;
                message.certificate_url.clone_from(&certificate_url);
            }
            Ok(signed)
        };
        let finished = tokio::task::spawn_blocking(sign).await;
        finished.map_err(|error| SnsError::Internal(error.to_string()))?
    }

    fn sign(&mut self, key: &SigningKey, topic_arn: &str, needs: &Needs) -> Result<(), SnsError> {
        for protocol in &needs.protocols {
            let fields = envelope::signed_fields(topic_arn, self.message(), *protocol);
            let signature = key.sign(needs.version, &fields)?;
            self.signatures.insert(*protocol, signature);
        }
        Ok(())
    }

    /// The message itself.
    pub(super) fn message(&self) -> &Message {
        &self.messages[self.index]
    }

    /// Returns the envelope for a subscription. Raw delivery has none.
    pub(super) fn envelope_for(&self, subscription: &Subscription, sns: &Sns) -> Option<String> {
        if subscription.is_raw() {
            return None;
        }
        // `publish::deliver` has signed for every protocol that needs it.
        let signature = self.signatures.get(&subscription.protocol)?;
        Some(envelope::notification(
            subscription,
            self.message(),
            signature,
            &self.certificate_url,
            sns.base_url(),
        ))
    }
}
