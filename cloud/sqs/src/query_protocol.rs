//! The Query protocol (a form in, XML out): SDKs of before November 2023, and requests to a queue's own URL.
//!
//! A request is turned into the request of the JSON protocol, and that protocol's answer into the answer of this one. So both
//! have the same actions and the same rules.
//!
//! Source: AWS Smithy documentation, "AWS query protocol"; SQS Developer Guide, "Making Query API requests"; the service
//! model of botocore 1.29; recorded answers of AWS.

use bytes::Bytes;
use cloud_wire::{Form, Xml};
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

/// The namespace of answers.
const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";
/// The version in requests.
pub const VERSION: &str = "2012-11-05";

/// The fields that are numbers in the JSON protocol.
const NUMBERS: [&str; 6] = [
    "DelaySeconds",
    "MaxNumberOfMessages",
    "MaxNumberOfMessagesPerSecond",
    "MaxResults",
    "VisibilityTimeout",
    "WaitTimeSeconds",
];
const TEXTS: [&str; 15] = [
    "DestinationArn",
    "Id",
    "Label",
    "MessageBody",
    "MessageDeduplicationId",
    "MessageGroupId",
    "NextToken",
    "QueueName",
    "QueueNamePrefix",
    "QueueOwnerAWSAccountId",
    "QueueUrl",
    "ReceiptHandle",
    "ReceiveRequestAttemptId",
    "SourceArn",
    "TaskHandle",
];
/// Lists of texts: the name in a form, and in JSON.
const LISTS: [(&str, &str); 6] = [
    ("AWSAccountId", "AWSAccountIds"),
    ("ActionName", "Actions"),
    ("AttributeName", "AttributeNames"),
    ("MessageAttributeName", "MessageAttributeNames"),
    ("MessageSystemAttributeName", "MessageSystemAttributeNames"),
    ("TagKey", "TagKeys"),
];
/// Actions that a queue's own URL does not have. Recorded from AWS.
const WITHOUT_QUEUE: [&str; 2] = ["CreateQueue", "ListQueues"];
/// Actions whose answer has no result.
const WITHOUT_RESULT: [&str; 9] = [
    "AddPermission",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "DeleteQueue",
    "PurgeQueue",
    "RemovePermission",
    "SetQueueAttributes",
    "TagQueue",
    "UntagQueue",
];

/// Returns true if the path is that of a queue's URL: an account and a name.
#[must_use]
pub fn is_queue_path(path: &str) -> bool {
    let mut parts = path.trim_matches('/').split('/');
    let account = parts.next().unwrap_or_default();
    account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && parts.next().is_some_and(|name| !name.is_empty())
        && parts.next().is_none()
}

/// Returns true if requests to a queue's own URL have the action.
#[must_use]
pub fn is_for_a_queue(action: &str) -> bool {
    !WITHOUT_QUEUE.contains(&action)
}

/// Turns the form of a request to `path` into the request of the JSON protocol. The queue is that of the parameter
/// `QueueUrl`, or else that of the path.
#[must_use]
pub fn to_json(action: &str, form: &Form, path: &str) -> Bytes {
    let mut request = fields(action, form);
    if !request.contains_key("QueueUrl") && is_queue_path(path) {
        request.insert("QueueUrl".to_owned(), json!(path));
    }
    Bytes::from(Value::Object(request).to_string())
}

fn fields(action: &str, form: &Form) -> Map<String, Value> {
    let mut request = Map::new();
    let mut put = |name: &str, value: Value| {
        request.insert(name.to_owned(), value);
    };
    for name in TEXTS {
        if let Some(text) = form.get(name) {
            put(name, json!(text));
        }
    }
    for name in NUMBERS {
        if let Some(text) = form.get(name) {
            // The action judges what is no number, with the rest of the request.
            put(
                name,
                text.parse::<i64>().map_or(json!(text), |number| json!(number)),
            );
        }
    }
    for (name, member) in LISTS {
        let items = form.list(name);
        let texts: Vec<_> = items.iter().filter_map(|item| item.get("")).collect();
        if !texts.is_empty() {
            put(member, json!(texts));
        }
    }
    for (name, member) in [
        ("MessageAttribute", "MessageAttributes"),
        ("MessageSystemAttribute", "MessageSystemAttributes"),
    ] {
        let items = form.list(name);
        let attributes: Map<_, _> = items
            .iter()
            .filter_map(|item| Some((item.get("Name")?.to_owned(), attribute(item))))
            .collect();
        if !attributes.is_empty() {
            put(member, Value::Object(attributes));
        }
    }
    let attributes = text_map(form, "Attribute", "Name");
    if !attributes.is_empty() {
        put("Attributes", Value::Object(attributes));
    }
    let mut tags = text_map(form, "Tag", "Key");
    tags.append(&mut text_map(form, "Tags", "Key"));
    if !tags.is_empty() {
        put(
            if action == "CreateQueue" { "tags" } else { "Tags" },
            Value::Object(tags),
        );
    }
    if action.ends_with("Batch") {
        let entries = form.list(&format!("{action}RequestEntry"));
        let entries: Vec<_> = entries.iter().map(|entry| fields("", entry)).collect();
        put("Entries", json!(entries));
    }
    request
}

/// The value of a message attribute.
fn attribute(item: &Form) -> Value {
    let members = ["DataType", "StringValue", "BinaryValue"];
    let mut attribute: Map<_, _> = members
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), json!(item.get(&format!("Value.{name}"))?))))
        .collect();
    for (name, member) in [
        ("StringListValue", "StringListValues"),
        ("BinaryListValue", "BinaryListValues"),
    ] {
        let items = item.list(&format!("Value.{name}"));
        let texts: Vec<_> = items.iter().filter_map(|item| item.get("")).collect();
        if !texts.is_empty() {
            attribute.insert(member.to_owned(), json!(texts));
        }
    }
    Value::Object(attribute)
}

/// Reads a map. A map with one entry may stand without a number.
fn text_map(form: &Form, name: &str, key: &str) -> Map<String, Value> {
    let mut map = Map::new();
    let single = form.get(&format!("{name}.{key}"));
    if let Some(single) = single {
        let value = form.get(&format!("{name}.Value")).unwrap_or_default();
        map.insert(single.to_owned(), json!(value));
    }
    for item in form.list(name) {
        if let Some(entry) = item.get(key) {
            map.insert(entry.to_owned(), json!(item.get("Value").unwrap_or_default()));
        }
    }
    map
}

/// The answer to a request that names no action.
#[must_use]
pub fn no_action() -> Response<Bytes> {
    xml_response(StatusCode::NOT_FOUND, "<UnknownOperationException/>".to_owned())
}

/// The answer to an action that the endpoint does not have, as JSON.
#[must_use]
pub fn invalid_action(action: &str) -> Response<Bytes> {
    let message = format!("The action {action} is not valid for this endpoint.");
    cloud_wire::json::error(StatusCode::BAD_REQUEST, "InvalidAction", &message)
}

/// How an answer of this protocol is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The XML answer, which every SDK reads.
    Xml,
    /// The JSON answer, for a caller that accepts only `application/json`. It has the same elements. Recorded from AWS.
    Json,
}

impl Format {
    /// The format that a request with this header `Accept` gets.
    #[must_use]
    pub fn of(accept: Option<&HeaderValue>) -> Self {
        if accept.is_some_and(|value| value == "application/json") {
            Self::Json
        } else {
            Self::Xml
        }
    }
}

/// Turns an answer of the JSON protocol into the answer of this protocol. Other answers stay as they are.
#[must_use]
pub fn from_json(action: &str, answer: Response<Bytes>, request_id: &str, format: Format) -> Response<Bytes> {
    let content_type = answer.headers().get(header::CONTENT_TYPE);
    if content_type.is_none_or(|value| value != cloud_wire::json::CONTENT_TYPE) {
        return answer;
    }
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let status = answer.status();
    let failed = (!status.is_success()).then(|| Failure::read(action, &answer, &body));
    let converted = match (failed, format) {
        (None, Format::Xml) => xml_response(status, success(action, &body, request_id)),
        (Some(failed), Format::Xml) => xml_response(status, failed.xml(request_id)),
        (None, Format::Json) => json_response(status, &success_as_json(action, &body, request_id)),
        (Some(failed), Format::Json) => json_response(status, &failed.json(request_id)),
    };
    let (mut parts, _) = answer.into_parts();
    parts.headers.remove("x-amzn-query-error");
    parts.headers.extend(converted.headers().clone());
    Response::from_parts(parts, converted.into_body())
}

fn xml_response(status: StatusCode, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}

fn json_response(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = cloud_wire::json::response(status, body);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The answer as JSON. Maps are lists of their entries, as in XML.
fn success_as_json(action: &str, body: &Value, request_id: &str) -> Value {
    let mut answer = json!({ "ResponseMetadata": { "RequestId": request_id } });
    if !WITHOUT_RESULT.contains(&action) {
        let mut result = body.clone();
        for (map, key) in [("Attributes", "Name"), ("Tags", "Key")] {
            if let Some(entries) = body[map].as_object() {
                let entries = entries.iter();
                result[map] = entries
                    .map(|(entry, value)| json!({ key: entry, "Value": value }))
                    .collect();
            }
        }
        answer[format!("{action}Result")] = result;
    }
    json!({ format!("{action}Response"): answer })
}

fn document(xml: Xml) -> String {
    format!("<?xml version=\"1.0\"?>{}", xml.into_string())
}

fn success(action: &str, body: &Value, request_id: &str) -> String {
    let mut xml = Xml::default();
    xml.element(&format!("{action}Response xmlns=\"{NAMESPACE}\""), |xml| {
        if !WITHOUT_RESULT.contains(&action) {
            let result = format!("{action}Result");
            match body.as_object().filter(|members| !members.is_empty()) {
                Some(members) => {
                    xml.element(&result, |xml| write_members(xml, action, members));
                }
                None => {
                    xml.empty(&result);
                }
            }
        }
        xml.element("ResponseMetadata", |xml| {
            xml.text("RequestId", request_id);
        });
    });
    document(xml)
}

fn write_members(xml: &mut Xml, action: &str, members: &Map<String, Value>) {
    for (name, value) in members {
        let entry = format!("{action}ResultEntry");
        match name.as_str() {
            "QueueUrls" | "queueUrls" => write_list(xml, action, "QueueUrl", value),
            "Messages" => write_list(xml, action, "Message", value),
            "Successful" | "Results" => write_list(xml, action, &entry, value),
            "Failed" => write_list(xml, action, "BatchResultErrorEntry", value),
            "Attributes" => write_map(xml, action, ("Attribute", "Name"), value),
            "MessageAttributes" => write_map(xml, action, ("MessageAttribute", "Name"), value),
            "Tags" => write_map(xml, action, ("Tag", "Key"), value),
            _ => write_value(xml, action, name, value),
        }
    }
}

fn write_list(xml: &mut Xml, action: &str, name: &str, items: &Value) {
    for item in items.as_array().into_iter().flatten() {
        write_value(xml, action, name, item);
    }
}

fn write_map(xml: &mut Xml, action: &str, (name, key): (&str, &str), entries: &Value) {
    for (entry, value) in entries.as_object().into_iter().flatten() {
        xml.element(name, |xml| {
            xml.text(key, entry);
            write_value(xml, action, "Value", value);
        });
    }
}

fn write_value(xml: &mut Xml, action: &str, name: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            xml.element(name, |xml| write_members(xml, action, members));
        }
        Value::String(text) => {
            xml.text(name, text);
        }
        Value::Null => {}
        other => {
            xml.text(name, &other.to_string());
        }
    }
}

/// An error in this protocol.
struct Failure {
    fault: &'static str,
    code: String,
    message: String,
}

impl Failure {
    /// The code is that of the header for clients of this protocol, or else the name of the shape.
    fn read(action: &str, answer: &Response<Bytes>, body: &Value) -> Self {
        let header = answer.headers().get("x-amzn-query-error");
        let header = header.and_then(|value| value.to_str().ok());
        let shape = body["__type"].as_str().unwrap_or_default();
        let shape = shape.rsplit('#').next().unwrap_or_default();
        let code = header.and_then(|text| text.split(';').next()).unwrap_or(shape);
        let message = body["message"].as_str().unwrap_or_default();
        let (code, message) = match code {
            "UnknownOperationException" => (
                "InvalidAction",
                format!("The action {action} is not valid for this endpoint."),
            ),
            // This protocol has words of its own for this error: recorded from AWS.
            "AWS.SimpleQueueService.NonExistentQueue" => (
                code,
                "The specified queue does not exist for this wsdl version.".to_owned(),
            ),
            code => (code, message.to_owned()),
        };
        let fault = if answer.status().is_server_error() {
            "Receiver"
        } else {
            "Sender"
        };
        Self {
            fault,
            code: code.to_owned(),
            message,
        }
    }

    fn xml(&self, request_id: &str) -> String {
        let mut xml = Xml::default();
        xml.element(&format!("ErrorResponse xmlns=\"{NAMESPACE}\""), |xml| {
            xml.element("Error", |xml| {
                xml.text("Type", self.fault)
                    .text("Code", &self.code)
                    .text("Message", &self.message);
                xml.empty("Detail");
            });
            xml.text("RequestId", request_id);
        });
        document(xml)
    }

    fn json(&self, request_id: &str) -> Value {
        let error = json!({ "Type": self.fault, "Code": self.code, "Message": self.message, "Detail": null });
        json!({ "Error": error, "RequestId": request_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(action: &str, encoded: &str) -> Value {
        serde_json::from_slice(&to_json(
            action,
            &Form::parse(encoded.as_bytes()),
            "/000000000000/q",
        ))
        .unwrap()
    }

    fn answer(action: &str, body: &Value) -> String {
        let answer = cloud_wire::json::response(StatusCode::OK, body);
        String::from_utf8(from_json(action, answer, "id", Format::Xml).into_body().to_vec()).unwrap()
    }

    #[test]
    fn forms_become_the_requests_of_the_json_protocol() {
        assert_eq!(
            request(
                "SendMessage",
                "MessageBody=a%26b&DelaySeconds=3&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=Number\
                 &MessageAttribute.1.Value.StringValue=7&MessageGroupId=g"
            ),
            json!({
                "QueueUrl": "/000000000000/q",
                "MessageBody": "a&b",
                "DelaySeconds": 3,
                "MessageAttributes": {"n": {"DataType": "Number", "StringValue": "7"}},
                "MessageGroupId": "g",
            })
        );
        assert_eq!(
            request(
                "DeleteMessageBatch",
                "QueueUrl=u&DeleteMessageBatchRequestEntry.1.Id=a&DeleteMessageBatchRequestEntry.1.ReceiptHandle=h"
            ),
            json!({"QueueUrl": "u", "Entries": [{"Id": "a", "ReceiptHandle": "h"}]})
        );
        assert_eq!(
            request(
                "CreateQueue",
                "QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=k&Tag.1.Value=v"
            ),
            json!({"QueueUrl": "/000000000000/q", "QueueName": "q", "Attributes": {"DelaySeconds": "5"}, "tags": {"k": "v"}})
        );
        assert_eq!(
            request("SetQueueAttributes", "Attribute.Name=Policy&Attribute.Value=")["Attributes"],
            json!({"Policy": ""})
        );
        assert_eq!(
            request(
                "ReceiveMessage",
                "AttributeName.1=All&MessageAttributeName.1=a&MessageAttributeName.2=b"
            ),
            json!({
                "QueueUrl": "/000000000000/q",
                "AttributeNames": ["All"],
                "MessageAttributeNames": ["a", "b"],
            })
        );
    }

    #[test]
    fn answers_become_xml() {
        let message = json!({"Messages": [{
            "Body": "<&\r",
            "Attributes": {"SenderId": "s"},
            "MessageAttributes": {"n": {"DataType": "Number", "StringValue": "7"}},
        }]});
        let xml = answer("ReceiveMessage", &message);
        for part in [
            "<ReceiveMessageResult><Message>",
            "<Body>&lt;&amp;&#13;</Body>",
            "<Attribute><Name>SenderId</Name><Value>s</Value></Attribute>",
            "<MessageAttribute><Name>n</Name><Value><DataType>Number</DataType><StringValue>7</StringValue></Value>",
            "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>",
        ] {
            assert!(xml.contains(part), "{part}: {xml}");
        }
        assert!(answer("ReceiveMessage", &json!({})).contains("<ReceiveMessageResult/>"));
        assert!(!answer("DeleteQueue", &json!({})).contains("Result"));
    }

    #[test]
    fn errors_have_the_code_and_the_words_of_this_protocol() {
        let error = crate::protocol::respond(Err(crate::SqsError::QueueDoesNotExist));
        let answer = from_json("GetQueueUrl", error, "id", Format::Xml);
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/xml");
        assert!(answer.headers().get("x-amzn-query-error").is_none());
        let xml = String::from_utf8(answer.into_body().to_vec()).unwrap();
        assert!(
            xml.contains(
                "<Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified \
                 queue does not exist for this wsdl version.</Message><Detail/></Error><RequestId>id</RequestId>"
            ),
            "{xml}"
        );
    }

    #[test]
    fn the_paths_of_queues_are_known() {
        assert!(is_queue_path("/000000000000/orders"));
        for other in [
            "/",
            "/000000000000",
            "/000000000000/",
            "/orders/000000000000",
            "/000000000000/a/b",
            "/_local/queues",
        ] {
            assert!(!is_queue_path(other), "{other}");
        }
    }
}
