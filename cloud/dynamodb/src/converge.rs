//! Creates a table, or changes an existing one to match the template without losing data.

use dynoxide::Database;
use dynoxide::errors::DynoxideError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::arns;

/// The reason why a table could not be created or changed.
#[derive(Debug, thiserror::Error)]
pub enum ConvergeError {
    /// The engine returned an error.
    #[error("the table could not be created or changed: {0}")]
    Engine(String),
    /// The key of the table differs. It cannot be changed without losing the items.
    #[error(
        "table {table} exists with the key {existing}, the template says {wanted}; a key cannot be changed in place"
    )]
    KeyDiffers {
        /// The name of the table.
        table: String,
        /// The existing key, with types.
        existing: String,
        /// The key in the template.
        wanted: String,
    },
    /// An index with this name has another key.
    #[error(
        "index {index} of table {table} exists with the key {existing}, the template says {wanted}; give the index another name"
    )]
    IndexDiffers {
        /// The name of the table.
        table: String,
        /// The name of the index.
        index: String,
        /// The existing key, with types.
        existing: String,
        /// The key in the template.
        wanted: String,
    },
}

impl From<DynoxideError> for ConvergeError {
    fn from(error: DynoxideError) -> Self {
        Self::Engine(error.to_string())
    }
}

/// Creates the table, or checks its key and adds missing indexes. Then switches its time to live on. Returns its ARN.
///
/// An index that the description does not contain stays. The operator decides whether to delete it.
pub(super) fn converge(
    database: &Database,
    create_table: Value,
    time_to_live: Option<Value>,
) -> Result<String, ConvergeError> {
    let arn = converge_schema(database, create_table)?;
    if let Some(time_to_live) = time_to_live {
        database.update_time_to_live(request(time_to_live)?)?;
    }
    Ok(arn)
}

fn converge_schema(database: &Database, create_table: Value) -> Result<String, ConvergeError> {
    let name = create_table["TableName"].clone();
    let describe = || -> Result<Value, DynoxideError> {
        let request = request(json!({ "TableName": name }))?;
        Ok(answer(&database.describe_table(request)?)?["Table"].take())
    };
    let existing = match describe() {
        Err(DynoxideError::ResourceNotFoundException(_)) => {
            database.create_table(request(create_table)?)?;
            return arn(&describe()?);
        }
        existing => existing?,
    };
    let table = name.as_str().unwrap_or_default();
    let (is, wanted) = (key(&existing, &existing), key(&create_table, &create_table));
    if is != wanted {
        return Err(ConvergeError::KeyDiffers {
            table: table.to_owned(),
            existing: is,
            wanted,
        });
    }
    let indexes = |table: &Value| {
        table["GlobalSecondaryIndexes"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let present = indexes(&existing);
    for index in indexes(&create_table) {
        match present
            .iter()
            .find(|present| present["IndexName"] == index["IndexName"])
        {
            None => {
                let update = json!({
                    "TableName": name,
                    "AttributeDefinitions": create_table["AttributeDefinitions"],
                    "GlobalSecondaryIndexUpdates": [{ "Create": index }],
                });
                database.update_table(request(update)?)?;
            }
            Some(present) => {
                let (is, wanted) = (key(present, &existing), key(&index, &create_table));
                if is != wanted {
                    let index = index["IndexName"].as_str().unwrap_or_default().to_owned();
                    return Err(ConvergeError::IndexDiffers {
                        table: table.to_owned(),
                        index,
                        existing: is,
                        wanted,
                    });
                }
            }
        }
    }
    arn(&existing)
}

fn request<T: DeserializeOwned>(request: Value) -> Result<T, DynoxideError> {
    serde_json::from_value(request).map_err(|error| {
        let message = error.to_string();
        DynoxideError::ValidationException(message.strip_prefix("VALIDATION:").unwrap_or(&message).to_owned())
    })
}

fn answer(answer: &impl Serialize) -> Result<Value, DynoxideError> {
    serde_json::to_value(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

fn arn(table: &Value) -> Result<String, ConvergeError> {
    let arn = table["TableArn"].as_str();
    let arn = arn.map(|arn| arns::to_client("DescribeTable", arn.to_owned()));
    arn.ok_or_else(|| ConvergeError::Engine("the table has no ARN".to_owned()))
}

/// Returns the key of a table or an index as text (`order_id S HASH`). The types come from the table's
/// definitions.
fn key(owner: &Value, table: &Value) -> String {
    let definitions = table["AttributeDefinitions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let parts = owner["KeySchema"].as_array().into_iter().flatten().map(|part| {
        let name = &part["AttributeName"];
        let definition = definitions
            .iter()
            .find(|definition| definition["AttributeName"] == *name);
        let kind = definition
            .and_then(|definition| definition["AttributeType"].as_str())
            .unwrap_or("?");
        format!(
            "{} {kind} {}",
            name.as_str().unwrap_or_default(),
            part["KeyType"].as_str().unwrap_or_default()
        )
    });
    parts.collect::<Vec<_>>().join(", ")
}
