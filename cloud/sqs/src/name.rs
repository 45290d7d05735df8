//! Names, URLs and ARNs of queues.

use crate::error::SqsError;

/// Checks a new queue's name: 1 to 80 letters, digits, hyphens and underscores. `fifo` is whether the request asks for a
/// FIFO queue, whose name ends with `.fifo`: those are not supported.
pub(super) fn check(name: &str, fifo: bool) -> Result<(), SqsError> {
    let stem = name.strip_suffix(".fifo");
    let (sound, rule) = if fifo {
        (
            name.len() <= 80 && stem.is_some_and(is_identifier),
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with \
             .fifo suffix and be 1 to 80 in length",
        )
    } else {
        (
            is_identifier(name),
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )
    };
    match (sound, fifo) {
        (false, _) => Err(SqsError::InvalidParameterValue(rule.to_owned())),
        (true, false) => Ok(()),
        (true, true) => Err(SqsError::UnsupportedOperation(
            "FIFO queues are not supported here.".to_owned(),
        )),
    }
}

/// Returns true for 1 to 80 letters, digits, hyphens and underscores. Queue names and batch entry ids follow
/// this rule.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    (1..=80).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Returns the last part of a queue URL, for any host. A name without a host is returned as it is.
pub(super) fn from_url(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// Returns the queue name in the ARN of an SQS queue.
#[must_use]
pub fn from_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.strip_prefix("arn:aws:sqs:")?.split(':');
    let (_region, _account, name) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && !name.is_empty()).then_some(name)
}

/// Returns the queue name in a name, URL or ARN.
pub(crate) fn queue_name(queue: &str) -> String {
    from_arn(queue).unwrap_or_else(|| from_url(queue)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_urls_and_arns() {
        assert_eq!(from_url("http://127.0.0.1:4566/000000000000/orders"), "orders");
        assert_eq!(
            from_url("https://sqs.eu-west-1.amazonaws.com/123456789012/orders"),
            "orders"
        );
        assert_eq!(from_url("orders"), "orders");
        assert_eq!(
            from_arn("arn:aws:sqs:us-east-1:000000000000:orders"),
            Some("orders")
        );
        for bad in [
            "arn:aws:sns:us-east-1:0:orders",
            "arn:aws:sqs:us-east-1:0",
            "orders",
            "arn:aws:sqs:a:b:c:d",
        ] {
            assert_eq!(from_arn(bad), None);
        }
    }

    #[test]
    fn fifo_names_are_unsupported_and_malformed_names_are_invalid() {
        check("orders-dlq_2", false).unwrap();
        assert!(matches!(
            check("orders.fifo", true),
            Err(SqsError::UnsupportedOperation(_))
        ));
        for bad in ["", "a b", "é", "orders.fifo", &"x".repeat(81)] {
            assert!(matches!(
                check(bad, false),
                Err(SqsError::InvalidParameterValue(_))
            ));
        }
        for bad in ["orders", ".fifo", "a b.fifo", &format!("{}.fifo", "x".repeat(76))] {
            assert!(matches!(
                check(bad, true),
                Err(SqsError::InvalidParameterValue(_))
            ));
        }
    }
}
