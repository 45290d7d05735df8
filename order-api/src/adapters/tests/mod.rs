//! The calls to AWS that an answer needs, by the SDK's real clients. An endpoint on loopback records and answers them.

mod listing;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::Region;
use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::encodings::Body;
use aws_sdk_sqs::config::Credentials;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{CALLS, DynamoDbClaimTable, DynamoDbOrderTable, SqsOrderQueue};
use crate::{AllowedOrigins, MessageGroups, OrderApi, Settings};

/// An AWS that gives the test's answers, and after them only successes.
#[derive(Clone, Default)]
struct Aws {
    answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Aws {
    fn answering(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            ..Self::default()
        }
    }

    /// The operations that were called, such as `AmazonSQS.SendMessage`.
    fn calls(&self) -> Vec<String> {
        self.requests().into_iter().map(|(target, _)| target).collect()
    }

    fn requests(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, headers: &HeaderMap, body: &str) -> (StatusCode, String) {
        let target = headers["x-amz-target"].to_str().unwrap().to_owned();
        let request: Value = serde_json::from_str(body).unwrap();
        let list = |name: &str| request[name].as_array().cloned().unwrap_or_default();
        let (entries, statements) = (list("Entries"), list("Statements"));
        self.calls.lock().unwrap().push((target.clone(), request));
        let prepared = self.answers.lock().unwrap().pop_front();
        let (status, answer) = prepared.unwrap_or_else(|| {
            let sent = |entry: &Value| json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "d"});
            let answer = if target.ends_with(".BatchExecuteStatement") {
                json!({"Responses": vec![json!({"TableName": "claims"}); statements.len()]})
            } else {
                json!({"Successful": entries.iter().map(sent).collect::<Vec<_>>(), "Failed": []})
            };
            (200, answer)
        });
        (StatusCode::from_u16(status).unwrap(), answer.to_string())
    }

    /// The API in front of this AWS.
    async fn api(
        &self,
        groups: MessageGroups,
    ) -> OrderApi<SqsOrderQueue, DynamoDbOrderTable, DynamoDbClaimTable> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let aws = self.clone();
        let handler = async move |headers: HeaderMap, body: String| aws.answer(&headers, &body);
        let router = axum::Router::new().fallback(handler);
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        let sdk = CALLS
            .loader()
            .endpoint_url(endpoint)
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .load()
            .await;
        let settings = Settings {
            // On a busy machine a first call may take longer than the default.
            key_lookup_time: Duration::from_mins(1),
            ..Settings::new(AllowedOrigins::These(Vec::new()))
        };
        OrderApi::new(
            SqsOrderQueue::new(&sdk, "http://queue/orders".to_owned(), groups),
            DynamoDbOrderTable::new(&sdk, "orders".to_owned(), "customers".to_owned()),
            DynamoDbClaimTable::new(&sdk, "claims".to_owned(), Duration::from_hours(24)),
            settings,
        )
    }

    async fn answer_to(&self, event: Value) -> ApiGatewayProxyResponse {
        let api = self.api(MessageGroups::Customer).await;
        api.handle(&event.to_string(), Duration::from_mins(1)).await
    }
}

fn post(path: &str, body: &Value, key: Option<&str>) -> Value {
    let headers = json!({"Content-Type": "application/json"});
    let mut event = json!({"httpMethod": "POST", "path": path, "headers": headers, "body": body.to_string(),
        "requestContext": {"httpMethod": "POST", "requestId": "r-1", "path": path}});
    if let Some(key) = key {
        event["headers"]["Idempotency-Key"] = json!(key);
    }
    event
}

fn order() -> Value {
    serde_json::from_str(include_str!("../../../../events/order-minimal.json")).unwrap()
}

fn document(response: &ApiGatewayProxyResponse) -> Value {
    match &response.body {
        Some(Body::Text(text)) => serde_json::from_str(text).unwrap(),
        _ => Value::Null,
    }
}

fn throttled() -> (u16, Value) {
    (
        400,
        json!({"__type": "com.amazonaws.sqs#RequestThrottled", "message": "secret-account-id"}),
    )
}

#[tokio::test]
async fn an_order_without_a_key_takes_exactly_one_call() {
    let aws = Aws::default();
    let response = aws.answer_to(post("/orders", &order(), None)).await;
    assert_eq!(response.status_code, 202);
    assert_eq!(aws.calls(), ["AmazonSQS.SendMessage"]);
}

const FAILURE: &str = "com.amazonaws.dynamodb.v20120810#InternalServerError";

#[tokio::test]
async fn a_key_takes_one_read_and_one_write_that_are_not_repeated() {
    let failing = Aws::answering([
        (500, json!({"__type": FAILURE})),
        (500, json!({"__type": FAILURE})),
    ]);
    for aws in [Aws::default(), failing] {
        let response = aws.answer_to(post("/orders", &order(), Some("k"))).await;
        assert_eq!(response.status_code, 202);
        assert_eq!(
            aws.calls(),
            [
                "DynamoDB_20120810.GetItem",
                "DynamoDB_20120810.BatchExecuteStatement",
                "AmazonSQS.SendMessage"
            ]
        );
    }
}

#[tokio::test]
async fn a_claim_is_an_insert_that_names_attributes_and_holds_no_value() {
    let aws = Aws::default();
    aws.answer_to(post("/orders", &order(), Some("k"))).await;
    let claim = &aws.requests()[1].1["Statements"][0];
    assert_eq!(
        claim["Statement"],
        "INSERT INTO \"claims\" VALUE {'accepted_at': ?, 'expires_at': ?, 'fingerprint': ?, 'in_doubt_until': ?, 'order_id': ?, \
         'schema_version': ?}"
    );
    let seconds: i64 = claim["Parameters"][1]["N"].as_str().unwrap().parse().unwrap();
    let accepted_at: order_core::Timestamp = claim["Parameters"][0]["S"].as_str().unwrap().parse().unwrap();
    assert_eq!(seconds, accepted_at.unix_milliseconds() / 1000 + 24 * 60 * 60);
}

/// The claim that another order with the fingerprint of zeros was accepted, as DynamoDB returns it.
fn claimed_before(id: &str) -> (u16, Value) {
    let claim = json!({
        "order_id": {"S": id},
        "fingerprint": {"S": format!("v1:{}", "0".repeat(64))},
        "accepted_at": {"S": "2026-11-23T09:35:00.123Z"},
        "in_doubt_until": {"S": "2026-11-23T09:35:10.123Z"},
        "schema_version": {"N": "1"},
    });
    (200, json!({"Responses": {"claims": [claim]}}))
}

#[tokio::test]
async fn a_key_that_was_claimed_takes_one_more_read() {
    let id = {
        let response = Aws::default()
            .answer_to(post("/orders", &order(), Some("k")))
            .await;
        document(&response)["order_id"].as_str().unwrap().to_owned()
    };
    let duplicate =
        json!({"Responses": [{"Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key"}}]});
    let nothing = (200, json!({}));
    let aws = Aws::answering([nothing.clone(), (200, duplicate.clone()), claimed_before(&id)]);
    let response = aws.answer_to(post("/orders", &order(), Some("k"))).await;
    assert_eq!(response.status_code, 422);
    assert_eq!(
        aws.calls(),
        [
            "DynamoDB_20120810.GetItem",
            "DynamoDB_20120810.BatchExecuteStatement",
            "DynamoDB_20120810.BatchGetItem"
        ]
    );
    let read = &aws.requests()[2].1["RequestItems"]["claims"];
    assert_eq!(
        (&read["ConsistentRead"], &read["Keys"][0]["order_id"]["S"]),
        (&json!(true), &json!(id))
    );
    // A claim that cannot be read, and one that DynamoDB has deleted meanwhile, are unknown: order-worker compares the orders.
    let unreadable = json!({"Responses": {"claims": [{"order_id": {"S": id}}]}});
    for answer in [unreadable, json!({"Responses": {"claims": []}})] {
        let aws = Aws::answering([nothing.clone(), (200, duplicate.clone()), (200, answer)]);
        assert_eq!(
            aws.answer_to(post("/orders", &order(), Some("k")))
                .await
                .status_code,
            202
        );
    }
}

#[tokio::test]
async fn a_key_whose_order_the_queue_refuses_is_released() {
    let mut answers = vec![(200, json!({})), (200, json!({"Responses": [{}]}))];
    answers.extend(vec![throttled(); 3]);
    let aws = Aws::answering(answers);
    assert_eq!(
        aws.answer_to(post("/orders", &order(), Some("k")))
            .await
            .status_code,
        503
    );
    let requests = aws.requests();
    let (target, release) = requests.last().unwrap();
    assert_eq!(target, "DynamoDB_20120810.BatchExecuteStatement");
    assert_eq!(
        release["Statements"][0]["Statement"],
        "UPDATE \"claims\" SET released_at = ? WHERE order_id = ?"
    );
}

#[tokio::test]
async fn a_released_key_is_resumed_when_the_queue_takes_its_order() {
    let id = {
        let response = Aws::default()
            .answer_to(post("/orders", &order(), Some("k")))
            .await;
        document(&response)["order_id"].as_str().unwrap().to_owned()
    };
    let accepted = order_core::Order::restore(&order()).unwrap();
    let claim = json!({
        "order_id": {"S": id},
        "fingerprint": {"S": order_core::Fingerprint::of(&accepted).to_string()},
        "accepted_at": {"S": "2026-11-23T09:35:00.123Z"},
        "in_doubt_until": {"S": "2026-11-23T09:35:10.123Z"},
        "released_at": {"S": "2026-11-23T09:35:01.123Z"},
        "schema_version": {"N": "1"},
    });
    let duplicate =
        json!({"Responses": [{"Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key"}}]});
    let claimed = json!({"Responses": {"claims": [claim]}});
    let aws = Aws::answering([(200, json!({})), (200, duplicate), (200, claimed)]);
    let response = aws.answer_to(post("/orders", &order(), Some("k"))).await;
    assert_eq!(
        (response.status_code, &document(&response)["accepted_at"]),
        (202, &json!("2026-11-23T09:35:00.123Z"))
    );
    let requests = aws.requests();
    assert_eq!(requests[3].0, "AmazonSQS.SendMessage");
    let resume = &requests[4].1["Statements"][0];
    assert_eq!(
        (&resume["Statement"], &resume["Parameters"][0]["S"]),
        (
            &json!("UPDATE \"claims\" REMOVE released_at WHERE order_id = ?"),
            &json!(id)
        )
    );
    // As long as it is not stored, it is read from its claim, and from the mark of its dead letter.
    let read = async |items: Vec<Value>| {
        let items = json!({"Responses": {"claims": items}});
        let aws = Aws::answering([(200, json!({})), (200, items)]);
        let path = format!("/orders/{id}");
        let request = json!({"httpMethod": "GET", "path": path,
            "requestContext": {"httpMethod": "GET", "requestId": "r-1", "path": path}});
        let response = aws.answer_to(request).await;
        assert_eq!(
            aws.calls(),
            ["DynamoDB_20120810.GetItem", "DynamoDB_20120810.BatchGetItem"]
        );
        let keys = &aws.requests()[1].1["RequestItems"]["claims"];
        let failed = format!("failed#{id}");
        assert_eq!(
            (&keys["ConsistentRead"], &keys["Keys"]),
            (
                &json!(true),
                &json!([{"order_id": {"S": id}}, {"order_id": {"S": failed}}])
            )
        );
        (response.status_code, document(&response)["status"].clone())
    };
    let mut claim = claim;
    assert_eq!(read(vec![claim.clone()]).await, (404, json!(404)));
    claim.as_object_mut().unwrap().remove("released_at");
    assert_eq!(read(vec![claim.clone()]).await, (202, json!("accepted")));
    let mark = json!({
        "order_id": {"S": format!("failed#{id}")},
        "error_code": {"S": "malformed"},
        "failed_at": {"S": "2026-11-23T09:36:00.000Z"},
        "accepted_at": {"S": "2026-11-23T09:35:00.123Z"},
    });
    assert_eq!(read(vec![mark.clone(), claim]).await, (202, json!("failed")));
    assert_eq!(read(vec![mark]).await, (202, json!("failed")));
}

#[tokio::test]
async fn a_queue_that_throttles_is_called_three_times_before_a_503() {
    for error in [
        throttled(),
        (
            503,
            json!({"__type": "ServiceUnavailable", "message": "secret-account-id"}),
        ),
    ] {
        let aws = Aws::answering(vec![error; 3]);
        let response = aws.answer_to(post("/orders", &order(), None)).await;
        assert_eq!(
            (response.status_code, &response.headers["retry-after"]),
            (503, &"1".parse().unwrap())
        );
        assert_eq!(aws.calls(), ["AmazonSQS.SendMessage"; 3]);
        let document = document(&response);
        assert_eq!(document["type"], "urn:orders:problem:unavailable");
        assert_eq!(document["request_id"], "r-1");
        assert!(!document.to_string().contains("secret"), "{document}");
    }
}

#[tokio::test]
async fn a_throttled_call_is_repeated_and_not_seen() {
    let aws = Aws::answering([throttled(), throttled()]);
    let response = aws.answer_to(post("/orders", &order(), None)).await;
    assert_eq!((response.status_code, aws.calls().len()), (202, 3));
}

#[tokio::test]
async fn many_orders_take_one_read_and_few_calls() {
    let entries: Vec<Value> = (0..26)
        .map(|index| json!({"idempotency_key": format!("k-{index}"), "order": order()}))
        .collect();
    let aws = Aws::default();
    let response = aws
        .answer_to(post("/orders/batch", &json!({ "entries": entries }), None))
        .await;
    assert_eq!(response.status_code, 207);
    let calls = aws.calls();
    assert_eq!(calls[0], "DynamoDB_20120810.BatchGetItem");
    assert_eq!(calls[1..3], ["DynamoDB_20120810.BatchExecuteStatement"; 2]);
    assert_eq!(calls[3..], ["AmazonSQS.SendMessageBatch"; 3]);
    let keys = aws.requests()[0].1["RequestItems"]["orders"]["Keys"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(keys, 26);
    let statuses: Vec<Value> = document(&response)["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["status"].clone())
        .collect();
    assert_eq!(statuses, vec![json!(202); 26]);
}

#[tokio::test]
async fn an_entry_that_the_queue_refuses_is_the_only_503() {
    let entries: Vec<Value> = (0..3)
        .map(|index| json!({"idempotency_key": format!("k-{index}"), "order": order()}))
        .collect();
    // One refused, one sent, one without an answer; the read finds nothing.
    let answer = json!({
        "Successful": [{"Id": "1", "MessageId": "m", "MD5OfMessageBody": "d"}],
        "Failed": [{"Id": "0", "SenderFault": false, "Code": "InternalError", "Message": "secret-account-id"}],
    });
    let claimed = json!({"Responses": [{}, {}, {}]});
    let aws = Aws::answering([(200, json!({"Responses": {}})), (200, claimed), (200, answer)]);
    let response = aws
        .answer_to(post("/orders/batch", &json!({ "entries": entries }), None))
        .await;
    let document = document(&response);
    let statuses: Vec<&Value> = document["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["status"])
        .collect();
    assert_eq!(statuses, [503, 202, 503]);
    let released = aws.requests().last().unwrap().1["Statements"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(released, 2);
    assert!(!document.to_string().contains("secret"), "{document}");
}

/// An order of this customer.
fn order_of(customer: &str) -> Value {
    let mut order = order();
    order["customer"]["id"] = json!(customer);
    order
}

fn entry(key: &str, customer: &str) -> Value {
    json!({"idempotency_key": key, "order": order_of(customer)})
}

#[tokio::test]
async fn an_order_is_sent_in_its_customers_group_and_with_its_trace() {
    let aws = Aws::default();
    let mut single = post("/orders", &order_of("c-1"), None);
    single["headers"]["X-Amzn-Trace-Id"] =
        json!("Root=1-67891233-abcdef012345678912345678;Sampled=0;Lineage=1:a:0");
    assert_eq!(aws.answer_to(single.clone()).await.status_code, 202);
    let entries = json!({"entries": [entry("k-1", "c-1"), entry("k-2", "c-2"), entry("k-3", "c-1")]});
    let mut many = post("/orders/batch", &entries, None);
    many["headers"] = single["headers"].clone();
    assert_eq!(aws.answer_to(many).await.status_code, 207);

    let requests = aws.requests();
    assert_eq!(requests[0].0, "AmazonSQS.SendMessage");
    assert_eq!(requests[3].0, "AmazonSQS.SendMessageBatch");
    let batch = requests[3].1["Entries"].as_array().unwrap();
    let sent = [&requests[0].1, &batch[0], &batch[1], &batch[2]];
    let groups = sent.map(|message| message["MessageGroupId"].as_str().unwrap());
    assert_eq!([groups[0], groups[0]], [groups[1], groups[3]]);
    assert_ne!(groups[0], groups[2]);
    for message in sent {
        assert_eq!(
            message["MessageSystemAttributes"],
            json!({"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-67891233-abcdef012345678912345678;Sampled=0"}})
        );
    }
}

#[tokio::test]
async fn without_groups_and_without_a_trace_nothing_goes_with_the_order() {
    let aws = Aws::default();
    let api = aws.api(MessageGroups::None).await;
    let entries = json!({"entries": [entry("k-1", "c-1")]});
    for event in [
        post("/orders", &order(), None),
        post("/orders/batch", &entries, None),
    ] {
        api.handle(&event.to_string(), Duration::from_mins(1)).await;
    }
    let requests = aws.requests();
    let single = &requests[0].1;
    let entry = &requests.last().unwrap().1["Entries"][0];
    assert_eq!(entry["Id"], "0");
    for message in [single, entry] {
        assert_eq!(
            (&message["MessageGroupId"], &message["MessageSystemAttributes"]),
            (&Value::Null, &Value::Null)
        );
    }
}
