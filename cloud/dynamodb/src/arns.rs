//! ARNs at the border of the engine. The engine names the region `dynoxide`, and takes a table by its name only.
//!
//! Source: DynamoDB API Reference: `TableName` is "the name of the table. You can also provide the Amazon Resource Name (ARN) of
//! the table in this parameter."

use cloud_wire::{ACCOUNT, REGION};
use serde_json::{Map, Value};

/// The region in the engine's ARNs.
const ENGINE_REGION: &str = "dynoxide";
/// The operations whose requests or answers hold ARNs. No request or answer of these has an item.
const OF_TABLES: [&str; 13] = [
    "CreateTable",
    "DeleteTable",
    "DescribeStream",
    "DescribeTable",
    "DescribeTimeToLive",
    "GetShardIterator",
    "ListStreams",
    "ListTagsOfResource",
    "TagResource",
    "UntagResource",
    "UpdateTable",
    "UpdateTimeToLive",
    "ListTables",
];

fn prefix(region: &str) -> String {
    format!("arn:aws:dynamodb:{region}:{ACCOUNT}:")
}

/// Rewrites a request for the engine: tables by their names, and streams and resources by the engine's ARNs.
pub(crate) fn to_engine(operation: &str, body: String) -> String {
    let ours = prefix(REGION);
    if !body.contains(&ours) {
        return body;
    }
    let Ok(Value::Object(mut request)) = serde_json::from_str(&body) else {
        // The engine says what is wrong.
        return body;
    };
    name_table(&mut request);
    if let Some(Value::Object(tables)) = request.get_mut("RequestItems") {
        let named = std::mem::take(tables).into_iter();
        tables.extend(named.map(|(table, items)| (table_name(&table).to_owned(), items)));
    }
    for item in request
        .get_mut("TransactItems")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        for action in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            action.as_object_mut().map(name_table);
        }
    }
    for name in ["ResourceArn", "StreamArn"] {
        if OF_TABLES.contains(&operation)
            && let Some(Value::String(arn)) = request.get_mut(name)
        {
            *arn = arn.replacen(&ours, &prefix(ENGINE_REGION), 1);
        }
    }
    Value::Object(request).to_string()
}

/// Rewrites an answer of the engine for clients.
pub(crate) fn to_client(operation: &str, answer: String) -> String {
    if OF_TABLES.contains(&operation) {
        answer.replace(&prefix(ENGINE_REGION), &prefix(REGION))
    } else {
        answer
    }
}

fn name_table(request: &mut Map<String, Value>) {
    if let Some(Value::String(table)) = request.get_mut("TableName") {
        *table = table_name(table).to_owned();
    }
}

/// The name in the ARN of a table of this account and region. Everything else is returned as it is.
fn table_name(table: &str) -> &str {
    let name = table.strip_prefix(&prefix(REGION));
    let name = name.and_then(|rest| rest.strip_prefix("table/"));
    name.filter(|name| !name.contains('/')).unwrap_or(table)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/t";

    fn rewritten(operation: &str, request: &Value) -> Value {
        serde_json::from_str(&to_engine(operation, request.to_string())).unwrap()
    }

    #[test]
    fn a_table_is_named_by_its_arn_too() {
        let get = json!({"TableName": TABLE, "Key": {"id": {"S": TABLE}}});
        assert_eq!(
            rewritten("GetItem", &get),
            json!({"TableName": "t", "Key": {"id": {"S": TABLE}}})
        );
        assert_eq!(
            rewritten(
                "BatchGetItem",
                &json!({"RequestItems": {TABLE: {"Keys": []}, "u": {}}})
            ),
            json!({"RequestItems": {"t": {"Keys": []}, "u": {}}})
        );
        let put = json!({"TransactItems": [{"Put": {"TableName": TABLE, "Item": {}}}]});
        assert_eq!(
            rewritten("TransactWriteItems", &put),
            json!({"TransactItems": [{"Put": {"TableName": "t", "Item": {}}}]})
        );
        for other in [
            "arn:aws:dynamodb:eu-west-1:000000000000:table/t",
            "arn:aws:dynamodb:us-east-1:111111111111:table/t",
            "arn:aws:dynamodb:us-east-1:000000000000:table/t/index/i",
        ] {
            let request = json!({"TableName": other});
            assert_eq!(rewritten("GetItem", &request), request);
        }
        assert_eq!(to_engine("GetItem", "{".to_owned()), "{");
    }

    #[test]
    fn arns_have_the_region_of_the_endpoint() {
        let answer = r#"{"TableArn":"arn:aws:dynamodb:dynoxide:000000000000:table/t"}"#;
        assert_eq!(
            to_client("DescribeTable", answer.to_owned()),
            answer.replace("dynoxide", "us-east-1")
        );
        // An item holds what was put into it.
        assert_eq!(to_client("GetItem", answer.to_owned()), answer);
        assert_eq!(
            rewritten("ListTagsOfResource", &json!({"ResourceArn": TABLE})),
            json!({"ResourceArn": "arn:aws:dynamodb:dynoxide:000000000000:table/t"})
        );
    }
}
