//! The tests of finding the system.

use terminal::exit::UsageError;

use super::*;

fn local(data_dir: &std::path::Path) -> Connection {
    Connection {
        stack: "orders".to_owned(),
        ..Connection::local(data_dir.to_owned())
    }
}

fn write_endpoints(directory: &std::path::Path) {
    let endpoints = r#"{"api_url": "http://a", "aws_endpoint_url": "http://b", "data_dir": null}"#;
    std::fs::write(directory.join("endpoints.json"), endpoints).unwrap();
}

#[tokio::test]
async fn an_error_says_how_to_start_the_system() {
    let directory = tempfile::tempdir().unwrap();
    let connection = local(directory.path());
    let error = connection.api_url().await.unwrap_err();
    assert!(error.is::<terminal::exit::UnreachableError>());
    let error = error.to_string();
    assert!(error.starts_with("nothing runs here: start it with `"), "{error}");
    assert!(error.contains(&directory.path().display().to_string()), "{error}");
}

#[tokio::test]
async fn a_queue_is_named_by_an_option() {
    let directory = tempfile::tempdir().unwrap();
    let connection = Connection {
        orders_dlq_url: Some("http://b/0/other-dlq".to_owned()),
        ..local(directory.path())
    };
    let resource = async |resource| connection.resource(resource).await.unwrap();
    assert_eq!(resource(Resource::OrdersDlqUrl).await, "http://b/0/other-dlq");
    assert_eq!(resource(Resource::OrdersTableName).await, "orders");
}

/// The environment names systems A and B. The data directory names another.
fn hostile() -> Environment {
    Environment {
        api_url: Some("http://of-environment".to_owned()),
        aws_endpoint_url: Some("http://also-of-environment".to_owned()),
    }
}

#[tokio::test]
async fn an_explicit_data_directory_is_stronger_than_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    write_endpoints(directory.path());
    let connection = Connection {
        environment: hostile(),
        ..local(directory.path())
    };
    assert_eq!(connection.api_url().await.unwrap(), "http://a");
    assert_eq!(connection.local_endpoint_url().await.unwrap(), "http://b");
    let config = connection.sdk_config().await.unwrap();
    assert_eq!(config.endpoint_url(), Some("http://b"));
}

#[tokio::test]
async fn two_systems_are_never_mixed() {
    let directory = tempfile::tempdir().unwrap();
    write_endpoints(directory.path());
    let url = || Some("http://given".to_owned());
    let is_usage = |error: anyhow::Error| error.is::<UsageError>();
    for connection in [
        // The API of one system, and no endpoint.
        Connection {
            api_url: url(),
            ..Connection::default()
        },
        Connection {
            environment: hostile(),
            ..Connection::default()
        },
        // The data directory and a URL.
        Connection {
            aws_endpoint_url: url(),
            ..local(directory.path())
        },
    ] {
        assert!(is_usage(connection.local_endpoint_url().await.unwrap_err()));
        assert!(is_usage(connection.sdk_config().await.unwrap_err()));
    }
    let connection = Connection {
        aws_endpoint_url: url(),
        ..Connection::default()
    };
    assert!(is_usage(connection.api_url().await.unwrap_err()));
    let connection = Connection {
        api_url: url(),
        ..local(directory.path())
    };
    assert!(is_usage(connection.api_url().await.unwrap_err()));
}

#[tokio::test]
async fn a_url_of_the_environment_without_a_scheme_is_wrong_usage() {
    let connection = Connection {
        environment: Environment {
            api_url: Some("127.0.0.1:8080".to_owned()),
            aws_endpoint_url: Some("nonsense".to_owned()),
        },
        ..Connection::default()
    };
    let error = connection.api_url().await.unwrap_err();
    assert!(
        error.is::<UsageError>() && error.to_string().contains("http://127.0.0.1:8080"),
        "{error}"
    );
    let connection = Connection {
        target: Target::Aws,
        ..connection
    };
    let error = connection.sdk_config().await.unwrap_err();
    assert!(
        error.to_string().starts_with("AWS_ENDPOINT_URL is nonsense: "),
        "{error}"
    );
}

#[test]
fn a_hint_names_the_same_system() {
    assert_eq!(Connection::default().options(), "");
    assert_eq!(local(Path::new("my data")).options(), " --data-dir 'my data'");
    let aws = Connection {
        target: Target::Aws,
        stack: "staging".to_owned(),
        region: Some("eu-west-1".to_owned()),
        ..Connection::default()
    };
    assert_eq!(aws.options(), " --target aws --stack staging --region eu-west-1");
}

#[tokio::test]
async fn a_local_resource_has_the_name_in_the_outputs() {
    let directory = tempfile::tempdir().unwrap();
    let outputs = r#"{"OrdersDlqUrl": "http://b/0/x-orders-dlq"}"#;
    std::fs::write(directory.path().join("outputs.json"), outputs).unwrap();
    let url = local(directory.path()).resource(Resource::OrdersDlqUrl).await;
    assert_eq!(url.unwrap(), "http://b/0/x-orders-dlq");
}

#[tokio::test]
async fn on_aws_a_given_url_needs_no_stack() {
    let connection = Connection {
        target: Target::Aws,
        orders_queue_url: Some("https://sqs.eu-west-1.amazonaws.com/123456789012/orders".to_owned()),
        ..Connection::default()
    };
    let url = connection.resource(Resource::OrdersQueueUrl).await.unwrap();
    assert!(url.ends_with("/orders"));
}
