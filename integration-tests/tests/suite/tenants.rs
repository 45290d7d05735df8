//! Callers that share their idempotency keys: the API keys of one tenant, and a key that takes the place of another.

use serde_json::Value;
use uuid::Uuid;

use crate::system::{Answer, Sandbox, System, eventually, sample_of_new_customer};

/// API keys of the template's usage plan beside its own: each with its id as its value, twice, because a value has 20 characters.
const KEYS: [&str; 4] = ["AcmeWebShop1", "AcmeTillShop", "OtherTenants", "AcmeNewShop1"];

/// Starts a system with these keys and this mapping.
async fn start(sandbox: &Sandbox, tenants: &str) -> System {
    let keys = KEYS.map(|id| {
        format!(
            "  {id}:\n    Type: AWS::ApiGateway::ApiKey\n    Condition: UsesApiKey\n    Properties: {{ Enabled: true, Value: {id}{id} }}\n  \
             {id}OfPlan:\n    Type: AWS::ApiGateway::UsagePlanKey\n    Condition: UsesApiKey\n    \
             Properties: {{ KeyId: !Ref {id}, KeyType: API_KEY, UsagePlanId: !Ref UsagePlan }}\n"
        )
    });
    let resources = format!("\nResources:\n{}", keys.concat());
    let template = include_str!("../../../template.yaml");
    let template = template.replacen("\nResources:\n", &resources, 1);
    let path = sandbox.file("template.yaml");
    std::fs::write(&path, template).unwrap();
    let tenants = format!("Tenants={tenants}");
    let template = path.to_str().unwrap();
    let arguments = [
        "--template",
        template,
        "--parameter",
        "ApiAuth=API_KEY",
        "--parameter",
        &tenants,
    ];
    sandbox.start_with(&arguments).await
}

/// Sends an order under an idempotency key and an API key, until no request under the key is in doubt.
async fn post(system: &System, api_key: &str, order: &Value, key: &str) -> Answer {
    eventually("the key is decided", async || {
        let answer = system
            .request(|http, url| {
                let request = http.post(format!("{url}/orders")).json(order);
                request
                    .header("x-api-key", api_key.repeat(2))
                    .header("idempotency-key", key)
            })
            .await;
        (![409, 503].contains(&answer.status)).then_some(answer)
    })
    .await
}

/// The order under a key of a caller, as `orderctl` finds it in this directory's system.
fn get(sandbox: &Sandbox, key: &str, caller: &str) -> Value {
    let mut command = sandbox.orderctl();
    let output = command
        .args(["get", "--key", key, "--caller", caller, "--json"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn two_api_keys_of_a_tenant_share_their_keys_and_another_tenant_does_not_meet_them() {
    let sandbox = Sandbox::new();
    let [web, till, other, _] = KEYS;
    let tenants =
        format!("api-key:{web}=tenant:acme,api-key:{till}=tenant:acme,api-key:{other}=tenant:other");
    let system = start(&sandbox, &tenants).await;
    let order = sample_of_new_customer("order.json");
    let key = Uuid::new_v4().to_string();
    let first = post(&system, web, &order, &key).await;
    assert_eq!(first.status, 202, "{}", first.body);
    // A claim that took too long is missing, and the next request claims the key.
    let mut previous = first.bytes.clone();
    eventually(
        "the other API key gets the same answer, byte for byte",
        async || {
            let again = post(&system, till, &order, &key).await;
            assert_eq!(again.status, 202, "{}", again.body);
            let is_same = again.bytes == previous && again.headers.contains_key("idempotent-replayed");
            previous = again.bytes;
            is_same.then_some(())
        },
    )
    .await;
    let another = sample_of_new_customer("order.json");
    let reused = post(&system, till, &another, &key).await;
    assert_eq!(reused.status, 422, "{}", reused.body);
    assert_eq!(reused.body["type"], "urn:orders:problem:idempotency-key-reused");
    let theirs = post(&system, other, &another, &key).await;
    assert_eq!(theirs.status, 202, "{}", theirs.body);
    assert_ne!(theirs.body["order_id"], first.body["order_id"]);

    for answer in [&first, &theirs] {
        let id = answer.body["order_id"].as_str().unwrap();
        eventually("the order is stored", async || {
            let read = system
                .request(|http, url| {
                    http.get(format!("{url}/orders/{id}"))
                        .header("x-api-key", web.repeat(2))
                })
                .await;
            (read.status == 200).then_some(())
        })
        .await;
    }
    for caller in [
        &format!("api-key:{web}"),
        &format!("api-key:{till}"),
        "tenant:acme",
    ] {
        assert_eq!(
            get(&sandbox, &key, caller)["order_id"],
            first.body["order_id"],
            "{caller}"
        );
    }
    assert_eq!(
        get(&sandbox, &key, "tenant:other")["order_id"],
        theirs.body["order_id"]
    );
}

#[tokio::test]
async fn a_key_survives_the_rotation_of_its_api_key() {
    let sandbox = Sandbox::new();
    let [old, _, _, new] = KEYS;
    let order = sample_of_new_customer("order.json");
    let key = Uuid::new_v4().to_string();
    let mut system = start(&sandbox, "").await;
    let first = post(&system, old, &order, &key).await;
    assert_eq!(first.status, 202, "{}", first.body);
    let before = post(&system, new, &order, &key).await;
    assert_ne!(
        before.body["order_id"], first.body["order_id"],
        "without the mapping they are two callers"
    );
    assert!(system.stop().await.success());
    drop(system);

    let system = start(&sandbox, &format!("api-key:{new}=api-key:{old}")).await;
    for api_key in [new, old] {
        let again = post(&system, api_key, &order, &key).await;
        assert_eq!(again.status, 202, "{}", again.body);
        assert_eq!(again.body["order_id"], first.body["order_id"]);
    }
    let mut other = order.clone();
    other["note"] = "another note".into();
    let reused = eventually("the key is refused for another order", async || {
        let answer = post(&system, new, &other, &key).await;
        (answer.status != 202).then_some(answer)
    })
    .await;
    assert_eq!(reused.status, 422, "{}", reused.body);
}
