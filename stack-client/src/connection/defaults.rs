//! The fixed values of connections.

use std::time::Duration;

/// The data directory unless `--data-dir` names another.
pub(super) const DEFAULT_DATA_DIR: &str = ".orders";
/// The region of the system on this machine.
pub(super) const LOCAL_REGION: &str = "us-east-1";
/// The operator's access key and secret on this machine, where every access key that is no function's is the operator's.
pub(super) const OPERATOR: &str = "operator";
/// The variable of the environment with the API key.
pub(super) const API_KEY: &str = "ORDERS_API_KEY";
/// The variable of the environment with the operator's access key.
pub(super) const OPERATOR_KEY: &str = "ORDERS_OPERATOR_KEY";
/// The timeout of a request, longer than the 20 seconds that a request for mail may wait.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
