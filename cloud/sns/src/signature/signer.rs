//! The signing key of a data directory, and which signatures each topic needs.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use cloud_store::{Store, Tx};
use rusqlite::{OptionalExtension, params};
use tokio::sync::OnceCell;

use super::fields::SignatureVersion;
use super::key::SigningKey;
use crate::error::SnsError;
use crate::subscription::Protocol;

/// The signatures that a message to a topic needs. Subscribers of one protocol get the same text, so they share one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) version: SignatureVersion,
    pub(crate) protocols: BTreeSet<Protocol>,
}

impl Needs {
    /// Whether a message with these signatures has all that are needed.
    pub(crate) fn satisfy(&self, needed: &Self) -> bool {
        needed.protocols.is_empty()
            || (self.version == needed.version && needed.protocols.is_subset(&self.protocols))
    }
}

/// Holds the key of a data directory. It is created when the first message needs a signature, because that takes up to a
/// second.
#[derive(Debug, Default)]
pub(crate) struct Signer {
    key: OnceCell<Arc<SigningKey>>,
    needs: Mutex<HashMap<String, Needs>>,
}

impl Signer {
    /// Returns the key.
    pub(crate) async fn key(&self, store: &Store) -> Result<Arc<SigningKey>, SnsError> {
        let key = self.key.get_or_try_init(|| load_or_generate(store));
        key.await.cloned()
    }

    /// Returns the key if a message was signed already.
    pub(crate) async fn existing_key(&self, store: &Store) -> Result<Option<Arc<SigningKey>>, SnsError> {
        match self.key.get() {
            Some(key) => Ok(Some(Arc::clone(key))),
            None => Ok(store.run(load).await?.map(Arc::new)),
        }
    }

    /// Returns the signatures that the last message to this topic needed. The topic may have changed since.
    pub(crate) fn last_needs(&self, topic_arn: &str) -> Needs {
        let needs = self.needs.lock().unwrap_or_else(PoisonError::into_inner);
        needs.get(topic_arn).cloned().unwrap_or_default()
    }

    /// Remembers which signatures a message to this topic needed.
    pub(crate) fn remember(&self, topic_arn: &str, new: &Needs) {
        let mut needs = self.needs.lock().unwrap_or_else(PoisonError::into_inner);
        needs.insert(topic_arn.to_owned(), new.clone());
    }
}

async fn load_or_generate(store: &Store) -> Result<Arc<SigningKey>, SnsError> {
    if let Some(key) = store.run(load).await? {
        return Ok(Arc::new(key));
    }
    let generated = tokio::task::spawn_blocking(SigningKey::generate).await;
    let key = generated.map_err(|error| SnsError::Internal(error.to_string()))??;
    let (private_key, certificate) = (key.private_key()?, key.certificate().to_owned());
    let insert = move |tx: &Tx<'_>| {
        tx.prepare_cached("INSERT INTO signing_key (id, private_key, certificate) VALUES (1, ?1, ?2)")?
            .execute(params![private_key, certificate])?;
        Ok::<_, SnsError>(())
    };
    store.run(insert).await?;
    Ok(Arc::new(key))
}

fn load(tx: &Tx<'_>) -> Result<Option<SigningKey>, SnsError> {
    let row: Option<(Vec<u8>, String)> = tx
        .prepare_cached("SELECT private_key, certificate FROM signing_key WHERE id = 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(private_key, certificate)| SigningKey::restore(&private_key, certificate))
        .transpose()
}
