//! Wildcards: `*` matches any number of characters, `?` exactly one.

use super::error::PolicyError;

/// A text with wildcards.
///
/// In an ARN, a `*` at the end of a segment also matches colons. AWS advises against `*` elsewhere in a
/// segment; here every `*` matches colons. Source: IAM User Guide, "IAM JSON policy elements: Resource".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    /// Parses a pattern that is case-sensitive, as ARNs are.
    pub(super) fn parse(location: &str, text: &str) -> Result<Self, PolicyError> {
        if text.contains("${") {
            return Err(PolicyError::unsupported(
                location,
                format!("the policy variable in `{text}`"),
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// Parses a pattern for text in lower case. Action names are compared in lower case.
    pub(super) fn parse_lower_case(location: &str, text: &str) -> Result<Self, PolicyError> {
        Self::parse(location, &text.to_lowercase())
    }

    /// Returns true if the pattern matches all of `text`.
    pub(super) fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut at, mut read) = (0, 0);
        // The position after the last asterisk, and the end of the text that this asterisk has matched so
        // far.
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
                    // Let the last asterisk match one more byte. Earlier asterisks need no retry.
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
    fn wildcards_match_as_on_aws() {
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
    fn policy_variables_are_refused() {
        let error = Pattern::parse("p", "arn:aws:s3:::home/${aws:username}").unwrap_err();
        assert!(error.to_string().contains("policy variable"), "{error}");
    }
}
