//! The requests that a function has sent.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use lambda_runtime::Error;
use serde_json::Value;

use crate::call::{Call, Entry};
use crate::prepared::{Attribute, Text};

/// Reads the requests of a folder, in their order.
pub(crate) fn read(folder: &Path) -> Result<Vec<Call>, Error> {
    let count = fs::read_dir(folder)?.count();
    let requests = (0..count).map(|number| call(&fs::read_to_string(folder.join(number.to_string()))?));
    requests.collect()
}

fn call(request: &str) -> Result<Call, Error> {
    let (head, body) = request.split_once("\r\n\r\n").ok_or("a request without a body")?;
    let target = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("x-amz-target").then_some(value)
    });
    match target {
        Some("DynamoDB_20120810.BatchExecuteStatement") => execute(&serde_json::from_str(body)?),
        Some("DynamoDB_20120810.GetItem") => get(&serde_json::from_str(body)?),
        Some("AmazonSQS.SendMessage") => send(&serde_json::from_str(body)?),
        // SNS has no such header.
        None => publish(body),
        Some(other) => Err(format!("an unknown call: {other}").into()),
    }
}

fn text(value: &Value) -> Result<String, Error> {
    Ok(value.as_str().ok_or("no text")?.to_owned())
}

fn execute(body: &Value) -> Result<Call, Error> {
    let statements = body["Statements"].as_array().ok_or("no statements")?;
    let statement = |statement: &Value| -> Result<_, Error> {
        let parameters = statement["Parameters"].as_array().ok_or("no parameters")?;
        let parameters: Result<_, Error> = parameters.iter().map(Attribute::read).collect();
        Ok((text(&statement["Statement"])?, parameters?))
    };
    let statements: Result<_, Error> = statements.iter().map(statement).collect();
    Ok(Call::Execute(statements?))
}

fn get(body: &Value) -> Result<Call, Error> {
    Ok(Call::Get {
        table: text(&body["TableName"])?,
        key: Attribute::read_members(&body["Key"])?,
        projection: text(&body["ProjectionExpression"]).ok(),
    })
}

fn send(body: &Value) -> Result<Call, Error> {
    Ok(Call::Send {
        queue_url: text(&body["QueueUrl"])?,
        body: Text::new(body["MessageBody"].as_str().ok_or("no body")?),
        group: text(&body["MessageGroupId"]).ok(),
    })
}

fn publish(body: &str) -> Result<Call, Error> {
    let fields: HashMap<_, _> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.get(name).cloned().ok_or(format!("a call without {name}"));
    if field("Action")? != "PublishBatch" {
        return Err("an unknown call of SNS".into());
    }
    let mut entries = Vec::new();
    while let entry = format!("PublishBatchRequestEntries.member.{}", entries.len() + 1)
        && let Ok(id) = field(&format!("{entry}.Id"))
    {
        let attribute = format!("{entry}.MessageAttributes.entry.1");
        entries.push(Entry {
            id,
            message: Text::new(&field(&format!("{entry}.Message"))?),
            group: field(&format!("{entry}.MessageGroupId")).ok(),
            attribute: (
                field(&format!("{attribute}.Name"))?,
                field(&format!("{attribute}.Value.StringValue"))?,
            ),
        });
    }
    Ok(Call::Publish {
        topic_arn: field("TopicArn")?,
        entries,
    })
}
