//! The order that a command is about: by its id, or by the idempotency key under which it was placed.

use anyhow::Context;
use order_core::id::Caller;
use order_core::{IdempotencyKey, OrderId};
use stack_client::{ApiAuth, Connection};

/// An idempotency key, and who sent it.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct KeyArguments {
    /// The order that was placed under this idempotency key
    #[arg(long, value_name = "KEY", value_parser = IdempotencyKey::parse)]
    key: Option<IdempotencyKey>,
    /// Who sent the key: `open`, `api-key:ID` or `iam:ID` (AROA..., AIDA...). Two callers may use one key for two orders [default: you]
    #[arg(long, value_name = "CALLER", requires = "key", value_parser = parse_caller)]
    caller: Option<Caller>,
}

fn parse_caller(text: &str) -> Result<Caller, &'static str> {
    match text.split_once(':') {
        None if text == "open" => Ok(Caller::Anonymous),
        Some(("api-key", id)) if !id.is_empty() => Ok(Caller::ApiKey(id.to_owned())),
        Some(("iam", id)) if !id.is_empty() => Ok(Caller::iam(id)),
        _ => Err("must be open, api-key:ID or iam:ID"),
    }
}

impl KeyArguments {
    /// The id of the order under the key. `None` if no key is given.
    pub(crate) async fn order_id(&self, connection: &Connection) -> anyhow::Result<Option<OrderId>> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let caller = match &self.caller {
            Some(caller) => caller.clone(),
            None => own_caller(connection).await?,
        };
        Ok(Some(OrderId::from_idempotency_key(&caller, key)))
    }
}

/// The caller as which the API knows this user.
async fn own_caller(connection: &Connection) -> anyhow::Result<Caller> {
    match connection.api_auth().await? {
        ApiAuth::None => Ok(Caller::Anonymous),
        ApiAuth::ApiKey => {
            let id = connection.api_key_id().await;
            Ok(Caller::ApiKey(
                id.context("say who sent the key by --caller api-key:ID")?,
            ))
        }
        ApiAuth::Iam => {
            let answer = connection.sts().await?.get_caller_identity().send().await;
            let answer = answer.context("say who sent the key by --caller: STS does not say who you are")?;
            let user_id = answer.user_id.context("STS does not say who you are")?;
            Ok(Caller::iam(&user_id))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_one_of_three_kinds() {
        assert_eq!(parse_caller("open"), Ok(Caller::Anonymous));
        assert_eq!(parse_caller("api-key:k1"), Ok(Caller::ApiKey("k1".to_owned())));
        // The name of a session changes with each login.
        assert_eq!(parse_caller("iam:AROA1:ada"), Ok(Caller::Iam("AROA1".to_owned())));
        for wrong in ["", "iam", "iam:", "api-key:", "user:ada"] {
            assert!(parse_caller(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn the_key_of_the_open_api_names_the_order_that_the_api_stores() {
        let arguments = KeyArguments {
            key: Some(IdempotencyKey::parse("checkout-42").unwrap()),
            caller: None,
        };
        let connection = Connection::at(
            "http://127.0.0.1:1".to_owned(),
            "http://127.0.0.1:1".to_owned(),
            None,
            None,
        );
        let id = arguments.order_id(&connection).await.unwrap().unwrap();
        let key = IdempotencyKey::parse("\"checkout-42\"").unwrap();
        assert_eq!(id, OrderId::from_idempotency_key(&Caller::Anonymous, &key));
    }
}
