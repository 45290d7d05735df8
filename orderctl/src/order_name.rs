//! The order that a command is about: by its id, or by the idempotency key under which it was placed.

use anyhow::Context;
use order_core::id::{Caller, OrderIdError};
use order_core::{IdempotencyKey, KeyOwner, OrderId, Tenants};
use stack_client::{ApiAuth, Connection};
use terminal::exit::UsageError;

/// Parses an id that a person has typed: RFC 9562 lets a UUID be in uppercase, and the API takes it so.
pub(crate) fn parse_order_id(text: &str) -> Result<OrderId, OrderIdError> {
    text.to_ascii_lowercase().parse()
}

/// One order: by its id or by its key.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("order").args(["id", "key"]).required(true))]
pub(crate) struct OrderArguments {
    /// The order's id
    #[arg(value_parser = parse_order_id, conflicts_with = "caller")]
    id: Option<OrderId>,
    #[command(flatten)]
    key: KeyArguments,
}

impl OrderArguments {
    /// The order's id.
    pub(crate) async fn order_id(&self, connection: &Connection) -> anyhow::Result<OrderId> {
        match self.id {
            Some(id) => Ok(id),
            // One of them is required.
            None => self
                .key
                .order_id(connection)
                .await?
                .ok_or_else(|| UsageError("say which order: ID, or --key KEY".to_owned()).into()),
        }
    }
}

/// An idempotency key, and who sent it.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct KeyArguments {
    /// The order that was placed under this idempotency key
    #[arg(long, value_name = "KEY", value_parser = IdempotencyKey::parse)]
    key: Option<IdempotencyKey>,
    /// Who sent the key: `open`, `api-key:ID`, `iam:ID` (AROA..., AIDA...) or `tenant:NAME`. Two of them may use one key for two orders [default: you]
    #[arg(long, value_name = "CALLER", requires = "key")]
    caller: Option<KeyOwner>,
}

/// The output of the stack that has its parameter `Tenants`.
const TENANTS: &str = "Tenants";

impl KeyArguments {
    /// The id of the order under the key. `None` if no key is given.
    pub(crate) async fn order_id(&self, connection: &Connection) -> anyhow::Result<Option<OrderId>> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let owner = match self.caller.clone() {
            Some(owner @ KeyOwner::Tenant(_)) => owner,
            Some(KeyOwner::Caller(caller)) => tenants(connection).await.owner(caller),
            None => tenants(connection).await.owner(own_caller(connection).await?),
        };
        Ok(Some(OrderId::from_idempotency_key(&owner, key)))
    }
}

/// The callers of the stack that share their keys. None, and a word about it, if the stack cannot be read.
async fn tenants(connection: &Connection) -> Tenants {
    let setting = connection.setting(TENANTS).await;
    let tenants = setting.and_then(|setting| Ok(setting.unwrap_or_default().parse()?));
    tenants.unwrap_or_else(|error| {
        eprintln!(
            "the tenants of the stack are not known, so that the key counts as its caller's own: {error:#}"
        );
        Tenants::default()
    })
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
    fn an_id_may_be_typed_in_uppercase() {
        let text = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b";
        for typed in [text.to_owned(), text.to_uppercase()] {
            assert_eq!(parse_order_id(&typed).unwrap().to_string(), text);
        }
        for other in [text.replace('-', ""), format!("{{{text}}}"), String::new()] {
            assert_eq!(parse_order_id(&other), Err(OrderIdError), "{other}");
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
        assert_eq!(id, OrderId::from_idempotency_key(&Caller::Anonymous.into(), &key));
    }
}
