//! Wildcards: `*` for any characters, also none, `?` for exactly one.

use super::error::PolicyError;

/// Text with wildcards.
///
/// In an ARN a `*` at the end of a segment reaches over colons; AWS advises against others, and here each does.
/// Source: IAM User Guide, "IAM JSON policy elements: Resource".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    /// A pattern that tells upper from lower case, as ARNs do.
    pub(super) fn parse(location: &str, text: &str) -> Result<Self, PolicyError> {
        if text.contains("${") {
            return Err(PolicyError::unsupported(
                location,
                format!("the policy variable in `{text}`"),
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// A pattern for text that was put into lower case, as the names of actions are compared.
    pub(super) fn parse_lower_case(location: &str, text: &str) -> Result<Self, PolicyError> {
        Self::parse(location, &text.to_lowercase())
    }

    /// Whether it covers all of `text`.
    pub(super) fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut at, mut read) = (0, 0);
        // The last asterisk, and how much of the text it has eaten so far.
        let mut retry: Option<(usize, usize)> = None;
        while read < text.len() {
            match pattern.get(at) {
                Some(b'*') => {
                    retry = Some((at + 1, read));
                    at += 1;
                }
                Some(&byte) if byte == b'?' || byte == text[read] => {
                    at += 1;
                    read += 1;
                }
                _ => match retry {
                    // One more byte for the last asterisk: an earlier one need never be tried again.
                    Some((after, eaten)) => {
                        retry = Some((after, eaten + 1));
                        at = after;
                        read = eaten + 1;
                    }
                    None => return false,
                },
            }
        }
        pattern[at..].iter().all(|byte| *byte == b'*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_what_aws_says() {
        let matches = |pattern: &str, text: &str| Pattern::parse("p", pattern).unwrap().matches(text);
        for (pattern, text) in [
            ("*", ""),
            ("*", "anything:at/all"),
            ("sqs:*", "sqs:SendMessage"),
            (
                "arn:aws:logs:r:a:log-group:/aws/lambda/f:*",
                "arn:aws:logs:r:a:log-group:/aws/lambda/f:log-stream:s",
            ),
            ("arn:*:orders-?", "arn:aws:sqs:r:a:orders-1"),
            ("a*b*c", "aXbbYc"),
            ("", ""),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "x"),
            ("?", ""),
            ("orders", "orders-dlq"),
            ("orders", "Orders"),
            ("*-dlq", "orders"),
            ("a*b", "acbd"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_variable_is_no_literal() {
        let error = Pattern::parse("p", "arn:aws:s3:::home/${aws:username}").unwrap_err();
        assert!(error.to_string().contains("policy variable"), "{error}");
    }
}
