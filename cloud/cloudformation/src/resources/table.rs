//! `AWS::DynamoDB::Table`.

use serde_json::{Map, Value, json};

use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The physical name.
    pub name: String,
    /// The body of the DynamoDB request `CreateTable` that creates the table.
    pub create: Value,
    /// The body of the DynamoDB request `UpdateTimeToLive` that switches on the deletion of expired items, if the template says so.
    pub time_to_live: Option<Value>,
}

/// Properties with the same name and the same form in `CreateTable`.
const SAME_IN_CREATE_TABLE: [&str; 4] = [
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
];

impl Table {
    pub(crate) fn read(name: String, mut properties: Properties) -> Result<Self, TemplateError> {
        properties.ignore(&["TableName"]);
        properties.ignore(ignored::TABLE);
        let mut create = Map::new();
        create.insert("TableName".to_owned(), json!(name));
        for property in SAME_IN_CREATE_TABLE {
            if let Some(value) = properties.value(property) {
                create.insert(property.to_owned(), value);
            }
        }
        let time_to_live = properties
            .value("TimeToLiveSpecification")
            .map(|specification| json!({"TableName": name, "TimeToLiveSpecification": specification}));
        for required in ["AttributeDefinitions", "KeySchema"] {
            if !create.contains_key(required) {
                return Err(properties.missing(required));
            }
        }
        if create.get("BillingMode") != Some(&json!("PAY_PER_REQUEST")) {
            return Err(TemplateError::unsupported(
                properties.at(),
                "a billing mode other than PAY_PER_REQUEST",
            ));
        }
        properties.finish()?;
        Ok(Self {
            name,
            create: Value::Object(create),
            time_to_live,
        })
    }
}
