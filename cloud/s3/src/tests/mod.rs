//! Tests of the service as its callers see it. The protocol is tested with clients that are not ours: see
//! `cloud/local-cloud/tests/boto3`.

mod cors;
mod website;

use std::path::Path;

use axum::body::{Body, Bytes, to_bytes};
use cloud_async_invocation::AsyncInvocations;
use cloud_iam::{AccessKeys, Iam, Policy, Role};
use cloud_store::{Durability, Location, Store};
use cloud_wire::Clock;
use http::{Request, Response};
use serde_json::{Value, json};
use time::macros::format_description;

use crate::{BucketSettings, MIGRATIONS, Notification, S3, S3Config, stand_in};

const FUNCTION: &str = "ASIAFUNCTION";
const SECRET: &str = "secret of the function";

struct World {
    s3: S3,
    iam: Iam,
    store: Store,
}

impl World {
    async fn open(directory: Option<&Path>) -> Self {
        let location = directory.map_or(Location::Memory, |path| Location::Disk(path.join("state.db")));
        let steps = [&MIGRATIONS[..], &cloud_async_invocation::MIGRATIONS[..]].concat();
        let store = Store::open(&location, Durability::Power, &steps).unwrap();
        let clock = Clock::default();
        let (iam, access_keys) = (Iam::default(), AccessKeys::default());
        access_keys.register(FUNCTION, SECRET, "role", "resizer");
        let config = S3Config {
            directory: directory.map(Path::to_owned),
            durability: Durability::Power,
            store: store.clone(),
            invocations: AsyncInvocations::new(store.clone(), clock.clone()),
            clock,
            iam: iam.clone(),
            access_keys,
        };
        let s3 = S3::open(config).await.unwrap();
        Self { s3, iam, store }
    }

    async fn with_bucket(directory: Option<&Path>) -> Self {
        let world = Self::open(directory).await;
        world
            .s3
            .converge_bucket("bucket", BucketSettings::default())
            .await
            .unwrap();
        world
    }

    /// Lets the function do these actions.
    fn allow(&self, actions: &[&str]) {
        let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "arn:aws:s3:::bucket*"});
        self.iam.set_roles([Role {
            name: "role".to_owned(),
            policies: vec![Policy::identity(&json!({ "Statement": statement })).unwrap()],
        }]);
    }

    /// Sends a request. Returns the status and the body.
    async fn send(&self, method: &str, path: &str, signer: Signer, body: impl Into<Body>) -> (u16, String) {
        let answer = self.s3.call(request(method, path, signer, body.into())).await;
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn set_policy(&self, policy: Value, allows_public_policy: bool) {
        let settings = BucketSettings {
            policy: Some(policy),
            allows_public_policy,
            ..BucketSettings::default()
        };
        self.s3.converge_bucket("bucket", settings).await.unwrap();
    }
}

#[derive(Clone, Copy)]
enum Signer {
    /// Signs with any access key and an invented signature.
    Operator,
    Function,
    /// Signs with the access key of the function, and another secret.
    Forger,
    Nobody,
}

fn request(method: &str, path: &str, signer: Signer, body: Body) -> Request<Body> {
    let now = time::OffsetDateTime::now_utc();
    let date = now
        .format(format_description!("[year][month][day]T[hour][minute][second]Z"))
        .unwrap();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:4566");
    let (key, secret) = match signer {
        Signer::Nobody => return request.body(body).unwrap(),
        Signer::Operator => ("test", "invented"),
        Signer::Function => (FUNCTION, SECRET),
        Signer::Forger => (FUNCTION, "guessed"),
    };
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={key}/{}/us-east-1/s3/aws4_request, \
         SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=00",
        &date[..8]
    );
    let request = request
        .header("x-amz-date", date)
        .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        .header("content-length", "1")
        .header("authorization", authorization);
    let (mut parts, body) = request.body(body).unwrap().into_parts();
    stand_in::sign_again(&mut parts, secret);
    Request::from_parts(parts, body)
}

#[tokio::test]
async fn every_key_of_the_operator_may_do_everything() {
    let world = World::with_bucket(None).await;
    assert_eq!(world.send("PUT", "/bucket/a", Signer::Operator, "x").await.0, 200);
    assert_eq!(
        world.send("GET", "/bucket/a", Signer::Operator, "").await,
        (200, "x".to_owned())
    );
}

#[tokio::test]
async fn a_function_may_do_what_its_role_allows() {
    let world = World::with_bucket(None).await;
    world.send("PUT", "/bucket/a", Signer::Operator, "x").await;
    let (status, answer) = world.send("GET", "/bucket/a", Signer::Function, "").await;
    assert_eq!(status, 403);
    let why = "is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::bucket/a because no identity-based \
               policy allows the s3:GetObject action";
    assert!(
        answer.contains("<Code>AccessDenied</Code>") && answer.contains(why),
        "{answer}"
    );
    world.allow(&["s3:GetObject"]);
    assert_eq!(
        world.send("GET", "/bucket/a", Signer::Function, "").await,
        (200, "x".to_owned())
    );
    assert_eq!(world.send("PUT", "/bucket/a", Signer::Function, "x").await.0, 403);
    assert_eq!(
        world.send("DELETE", "/bucket/a", Signer::Function, "").await.0,
        403
    );
}

#[tokio::test]
async fn the_signature_of_a_function_is_verified() {
    let world = World::with_bucket(None).await;
    world.allow(&["s3:*"]);
    let (status, answer) = world.send("PUT", "/bucket/a", Signer::Forger, "x").await;
    assert!(
        status == 403 && answer.contains("SignatureDoesNotMatch"),
        "{answer}"
    );
    assert_eq!(world.send("PUT", "/bucket/a", Signer::Function, "x").await.0, 200);
}

/// Who may not list a bucket must not learn which keys it has.
#[tokio::test]
async fn a_missing_key_is_denied_to_who_may_not_list() {
    let world = World::with_bucket(None).await;
    world.allow(&["s3:GetObject"]);
    let (status, answer) = world.send("GET", "/bucket/none", Signer::Function, "").await;
    assert!(status == 403 && answer.contains("s3:ListBucket"), "{answer}");
    world.allow(&["s3:GetObject", "s3:ListBucket"]);
    let (status, answer) = world.send("GET", "/bucket/none", Signer::Function, "").await;
    assert!(status == 404 && answer.contains("NoSuchKey"), "{answer}");
}

#[tokio::test]
async fn a_deletion_of_many_is_judged_by_key() {
    let world = World::with_bucket(None).await;
    let statement =
        json!({"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::bucket/a"});
    world.iam.set_roles([Role {
        name: "role".to_owned(),
        policies: vec![Policy::identity(&json!({ "Statement": statement })).unwrap()],
    }]);
    let body = "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>";
    let mut request = request("POST", "/bucket?delete", Signer::Function, Body::from(body));
    let length = body.len().to_string();
    request
        .headers_mut()
        .insert("content-length", length.parse().unwrap());
    let answer = world.s3.call(request).await;
    let answer = String::from_utf8(to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
    assert!(answer.contains("<Deleted><Key>a</Key></Deleted>"), "{answer}");
    assert!(
        answer.contains("<Key>b</Key>") && answer.contains("<Code>AccessDenied</Code>"),
        "{answer}"
    );
}

#[tokio::test]
async fn everybody_reads_what_a_public_policy_allows() {
    let world = World::with_bucket(None).await;
    world.send("PUT", "/bucket/a", Signer::Operator, "x").await;
    let public = json!({"Statement": {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*",
    }});
    // The bucket blocks public policies, as a new one does.
    world.set_policy(public.clone(), false).await;
    assert_eq!(world.send("GET", "/bucket/a", Signer::Nobody, "").await.0, 403);
    world.set_policy(public, true).await;
    assert_eq!(
        world.send("GET", "/bucket/a", Signer::Nobody, "").await,
        (200, "x".to_owned())
    );
    assert_eq!(world.send("PUT", "/bucket/a", Signer::Nobody, "y").await.0, 403);
    assert_eq!(world.send("GET", "/bucket", Signer::Nobody, "").await.0, 403);
    // A missing key is denied too, because listing is.
    assert_eq!(world.send("GET", "/bucket/none", Signer::Nobody, "").await.0, 403);
}

#[tokio::test]
async fn a_bucket_policy_denies_what_a_role_allows() {
    let world = World::with_bucket(None).await;
    world.allow(&["s3:*"]);
    let policy = json!({"Statement": {
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*",
    }});
    world.set_policy(policy, false).await;
    let (status, answer) = world.send("PUT", "/bucket/a", Signer::Function, "x").await;
    assert!(
        status == 403 && answer.contains("explicit deny in a resource-based policy"),
        "{answer}"
    );
}

/// The events of a write are in the store with its object, and a write that is refused has none.
#[tokio::test]
async fn each_write_of_an_object_adds_an_event_for_the_functions_that_want_it() {
    let world = World::open(None).await;
    let notification = |function: &str, prefix: &str| Notification {
        id: format!("to-{function}"),
        function: function.to_owned(),
        events: vec!["s3:ObjectCreated:*".to_owned()],
        prefix: prefix.to_owned(),
        suffix: String::new(),
    };
    let settings = BucketSettings {
        notifications: vec![notification("resizer", "up/"), notification("other", "other/")],
        ..BucketSettings::default()
    };
    world.s3.converge_bucket("bucket", settings).await.unwrap();
    world.allow(&["s3:PutObject"]);
    for (path, signer, expected) in [
        ("/bucket/up/red%20flower.jpg", Signer::Function, 200),
        ("/bucket/elsewhere", Signer::Function, 200),
        ("/bucket/up/refused", Signer::Nobody, 403),
        ("/bucket/up/red%20flower.jpg", Signer::Operator, 200),
    ] {
        assert_eq!(world.send("PUT", path, signer, "x").await.0, expected, "{path}");
    }
    let read = world.store.run(|tx| {
        let mut statement = tx.prepare("SELECT function, payload FROM async_invocations ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok::<Vec<(String, Vec<u8>)>, crate::S3Failure>(rows.collect::<Result<_, _>>()?)
    });
    let events = read.await.unwrap();
    let [first, second] = events.as_slice() else {
        panic!("{events:?}");
    };
    let record = |event: &(String, Vec<u8>)| {
        assert_eq!(event.0, "resizer");
        let event: Value = serde_json::from_slice(&event.1).unwrap();
        assert_eq!(event["Records"].as_array().unwrap().len(), 1);
        event["Records"][0].clone()
    };
    let (first, second) = (record(first), record(second));
    let object = json!({
        "key": "up/red+flower.jpg",
        "size": 1,
        "eTag": "9dd4e461268c8034f5c8564e155c67a6",
        "sequencer": first["s3"]["object"]["sequencer"],
    });
    assert_eq!(first["s3"]["object"], object);
    assert_eq!(first["s3"]["bucket"]["arn"], "arn:aws:s3:::bucket");
    assert_eq!(first["s3"]["configurationId"], "to-resizer");
    assert_eq!(
        (&first["eventSource"], &first["eventName"], &first["eventVersion"]),
        (&json!("aws:s3"), &json!("ObjectCreated:Put"), &json!("2.1"))
    );
    let sequencer = |record: &Value| {
        let text = record["s3"]["object"]["sequencer"].as_str();
        text.unwrap().to_owned()
    };
    assert!(sequencer(&first) < sequencer(&second));
}

fn files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory.join("objects")).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn a_write_that_breaks_off_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::with_bucket(Some(directory.path())).await;
    let broken = futures_util::stream::iter([Ok(Bytes::from("half")), Err(std::io::Error::other("gone"))]);
    let (status, _) = world
        .send("PUT", "/bucket/a", Signer::Operator, Body::from_stream(broken))
        .await;
    assert_eq!(status, 400);
    assert_eq!(world.send("GET", "/bucket/a", Signer::Operator, "").await.0, 404);
    assert_eq!(files(directory.path()), [""; 0]);
}

#[tokio::test]
async fn a_replaced_or_deleted_object_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::with_bucket(Some(directory.path())).await;
    for body in ["1", "2"] {
        world.send("PUT", "/bucket/a", Signer::Operator, body).await;
        assert_eq!(files(directory.path()).len(), 1);
    }
    world.send("DELETE", "/bucket/a", Signer::Operator, "").await;
    assert_eq!(files(directory.path()), [""; 0]);
}

/// As after `kill -9`: a file that is not complete, and a complete one that no row names yet.
#[tokio::test]
async fn a_start_keeps_objects_and_removes_other_files() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::with_bucket(Some(directory.path())).await;
    world.send("PUT", "/bucket/a", Signer::Operator, "x").await;
    world.store.close().await;
    for name in ["1.part", "2"] {
        std::fs::write(directory.path().join("objects").join(name), "orphan").unwrap();
    }
    let world = World::open(Some(directory.path())).await;
    assert_eq!(files(directory.path()).len(), 1);
    assert_eq!(
        world.send("GET", "/bucket/a", Signer::Operator, "").await,
        (200, "x".to_owned())
    );
}

/// Of many writes with `If-None-Match: *` at once, one is done.
#[tokio::test]
async fn one_of_many_first_writes_wins() {
    let world = World::with_bucket(None).await;
    let writes = (0..8).map(|_| {
        let mut request = request("PUT", "/bucket/a", Signer::Operator, Body::from("x"));
        request
            .headers_mut()
            .insert("if-none-match", "*".parse().unwrap());
        world.s3.call(request)
    });
    let answers = futures_util::future::join_all(writes).await;
    let done = answers.iter().filter(|answer| answer.status() == 200).count();
    assert_eq!(done, 1);
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status().as_u16(), 200 | 412))
    );
}

fn header<'r>(answer: &'r Response<Body>, name: &str) -> Option<&'r str> {
    Some(answer.headers().get(name)?.to_str().unwrap())
}

/// A policy that a caller sets is enforced at once, and is there after a restart.
#[tokio::test]
async fn a_policy_that_was_put_is_enforced() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::with_bucket(Some(directory.path())).await;
    world.allow(&["s3:*"]);
    let policy = |effect: &str, action: &str| {
        json!({"Statement": {"Effect": effect, "Principal": "*", "Action": action, "Resource": "arn:aws:s3:::bucket/*"}})
            .to_string()
    };
    let put = async |world: &World, signer, text: String| {
        let mut request = request("PUT", "/bucket?policy", signer, Body::from(text.clone()));
        let length = text.len().into();
        request.headers_mut().insert("content-length", length);
        let answer = world.s3.call(request).await;
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    let denied = policy("Deny", "s3:PutObject");
    assert_eq!(
        put(&world, Signer::Operator, denied.clone()).await,
        (204, String::new())
    );
    assert_eq!(world.send("PUT", "/bucket/a", Signer::Function, "x").await.0, 403);
    let (status, shown) = world.send("GET", "/bucket?policy", Signer::Function, "").await;
    assert_eq!(
        (status, serde_json::from_str::<Value>(&shown).unwrap()),
        (200, serde_json::from_str::<Value>(&denied).unwrap())
    );
    let (status, body) = put(&world, Signer::Operator, policy("Allow", "s3:GetObject")).await;
    assert!(status == 403 && body.contains("BlockPublicPolicy"), "{body}");
    let (status, body) = put(&world, Signer::Operator, "{".to_owned()).await;
    assert!(status == 400 && body.contains("MalformedPolicy"), "{body}");
    world.store.close().await;

    let world = World::open(Some(directory.path())).await;
    world.allow(&["s3:PutObject", "s3:GetBucketPolicy"]);
    assert_eq!(world.send("PUT", "/bucket/a", Signer::Function, "x").await.0, 403);
    assert_eq!(
        world
            .send("DELETE", "/bucket?policy", Signer::Function, "")
            .await
            .0,
        403
    );
    assert_eq!(
        world
            .send("DELETE", "/bucket?policy", Signer::Operator, "")
            .await
            .0,
        204
    );
    assert_eq!(world.send("PUT", "/bucket/a", Signer::Function, "x").await.0, 200);
    let (status, body) = world.send("GET", "/bucket?policy", Signer::Operator, "").await;
    assert!(status == 404 && body.contains("NoSuchBucketPolicy"), "{body}");
}
