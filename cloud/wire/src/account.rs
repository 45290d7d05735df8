//! The account and the region of everything local, and ARNs within them.

/// The AWS account id of all local resources.
pub const ACCOUNT: &str = "000000000000";

/// The region of all local resources.
pub const REGION: &str = "us-east-1";

/// The ARN of a service's resource in the account.
#[must_use]
pub fn arn(service: &str, region: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{region}:{ACCOUNT}:{resource}")
}
