//! Who sends a request.

use std::fmt;
use std::str::FromStr;

/// Who sends a request, as the gateway authenticated it. Two callers may use the same idempotency key for two orders.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Caller {
    /// An IAM principal's unique id, without the session name.
    Iam(String),
    /// The id of an API key (not the key).
    ApiKey(String),
    /// The API is open.
    Anonymous,
}

/// The text names no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallerError {
    /// It is an ARN. A role that is deleted and created again has the same ARN, and is somebody else.
    #[error(
        "must be the unique id of a role or user (iam:AROA..., iam:AIDA...), and no ARN; `aws iam get-role` shows it as RoleId"
    )]
    Arn,
    /// It has another form.
    #[error("must be open, api-key:ID or iam:ID")]
    Other,
}

impl Caller {
    /// The caller of `requestContext.identity.caller`. For an assumed role that is `role-id:session-name`; the session name
    /// changes with each login and must not change the order's id.
    #[must_use]
    pub fn iam(caller: &str) -> Self {
        Self::Iam(caller.split(':').next().unwrap_or_default().to_owned())
    }

    /// How it authenticates.
    pub(crate) fn mode(&self) -> &'static str {
        match self {
            Self::Iam(_) => "iam",
            Self::ApiKey(_) => "api-key",
            Self::Anonymous => "open",
        }
    }

    /// Its name among those that authenticate in this way.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Iam(name) | Self::ApiKey(name) => name,
            Self::Anonymous => "anonymous",
        }
    }
}

/// `open`, `api-key:ID` or `iam:ID`.
impl fmt::Display for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iam(name) | Self::ApiKey(name) => write!(formatter, "{}:{name}", self.mode()),
            Self::Anonymous => formatter.write_str(self.mode()),
        }
    }
}

/// As it is displayed. The name of a session may follow the id of a role, and does not count.
impl FromStr for Caller {
    type Err = CallerError;

    fn from_str(text: &str) -> Result<Self, CallerError> {
        match text.split_once(':') {
            None if text == "open" => Ok(Self::Anonymous),
            Some(("arn", _) | ("iam", "arn")) => Err(CallerError::Arn),
            Some(("iam", id)) if id.starts_with("arn:") => Err(CallerError::Arn),
            Some(("api-key", id)) if !id.is_empty() => Ok(Self::ApiKey(id.to_owned())),
            Some(("iam", id)) if !id.is_empty() => Ok(Self::iam(id)),
            _ => Err(CallerError::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_name_does_not_change_the_caller() {
        assert_eq!(Caller::iam("AROAX:monday"), Caller::iam("AROAX:tuesday"));
        assert_eq!("iam:AROAX:monday".parse(), Ok(Caller::Iam("AROAX".to_owned())));
    }

    #[test]
    fn a_caller_is_one_of_three_kinds_and_is_read_as_it_is_written() {
        for caller in [
            Caller::Anonymous,
            Caller::ApiKey("k1".to_owned()),
            Caller::iam("AROA1"),
        ] {
            assert_eq!(caller.to_string().parse(), Ok(caller));
        }
        for wrong in ["", "iam", "iam:", "api-key:", "user:ada", "anonymous"] {
            assert_eq!(wrong.parse::<Caller>(), Err(CallerError::Other), "{wrong}");
        }
    }

    #[test]
    fn an_arn_is_refused_because_it_may_be_somebody_elses_later() {
        for arn in [
            "arn:aws:iam::123456789012:role/shop",
            "arn:aws:sts::123456789012:assumed-role/shop/monday",
            "iam:arn:aws:iam::123456789012:role/shop",
        ] {
            assert_eq!(arn.parse::<Caller>(), Err(CallerError::Arn), "{arn}");
        }
    }
}
