//! `AddPermission` and `RemovePermission`, as recorded on AWS.

use super::*;

async fn policy(s: &Service) -> Value {
    let request = json!({"QueueUrl": "q", "AttributeNames": ["Policy"]});
    let answer = s.call("GetQueueAttributes", request).await;
    answer["Attributes"]["Policy"]
        .as_str()
        .map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

fn permission(label: &str, accounts: &[&str]) -> Value {
    json!({"QueueUrl": "q", "Label": label, "AWSAccountIds": accounts, "Actions": ["ReceiveMessage"]})
}

#[tokio::test]
async fn permissions_are_statements_of_the_policy() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    s.call(
        "AddPermission",
        permission("one", &["000000000000", "668614515564"]),
    )
    .await;
    let arn = s.sqs.arn("q");
    assert_eq!(
        policy(&s).await,
        json!({
            "Version": "2008-10-17",
            "Id": format!("{arn}/SQSDefaultPolicy"),
            "Statement": [{
                "Sid": "one",
                "Effect": "Allow",
                "Principal": {"AWS": ["arn:aws:iam::000000000000:root", "arn:aws:iam::668614515564:root"]},
                "Action": "SQS:ReceiveMessage",
                "Resource": arn,
            }],
        })
    );
    let error = s
        .try_call("AddPermission", permission("one", &["000000000000"]))
        .await
        .unwrap_err();
    assert_eq!(
        error.message(),
        "Value one for parameter Label is invalid. Reason: Already exists."
    );
    s.call("AddPermission", permission("two", &["000000000000"]))
        .await;
    s.call("RemovePermission", json!({"QueueUrl": "q", "Label": "one"}))
        .await;
    let left = policy(&s).await;
    assert_eq!(left["Statement"][0]["Sid"], "two");
    assert_eq!(
        left["Statement"][0]["Principal"]["AWS"],
        "arn:aws:iam::000000000000:root"
    );
    s.call("RemovePermission", json!({"QueueUrl": "q", "Label": "two"}))
        .await;
    assert_eq!(policy(&s).await, Value::Null);
    let error = s
        .try_call("RemovePermission", json!({"QueueUrl": "q", "Label": "two"}))
        .await
        .unwrap_err();
    assert_eq!(
        error.message(),
        "Value two for parameter Label is invalid. Reason: can't find label."
    );
    let mut foreign = permission("three", &["000000000000"]);
    foreign["Actions"] = json!(["CreateQueue"]);
    assert_eq!(s.error("AddPermission", foreign).await, "InvalidParameterValue");
}
