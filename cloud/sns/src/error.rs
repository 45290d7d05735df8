//! The errors of SNS, with AWS's own codes.

use cloud_store::StoreError;

/// Maximum length of the id of a batch entry.
const MAX_ID_LENGTH: usize = 80;

/// An error answer of SNS. Source: the "Errors" section of each action in the SNS API Reference.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {}", self.code(), self.message())]
pub enum SnsError {
    /// The topic or subscription does not exist. Holds which of the two.
    NotFound(&'static str),
    /// The resource whose tags are asked for does not exist.
    ResourceNotFound,
    /// A topic would have more than 50 tags.
    TagLimitExceeded,
    /// A text that is not the token of a subscription.
    InvalidToken,
    /// A parameter is not valid. Holds the parameter and the reason.
    InvalidParameter(String),
    /// The value of a message attribute is not valid. Holds the whole message.
    InvalidParameterValue(String),
    /// A required member of the request is missing. Holds the whole message.
    ValidationError(String),
    /// A policy does not allow the call.
    AuthorizationError(String),
    /// Two entries of a batch have the same id.
    BatchEntryIdsNotDistinct,
    /// The messages of a batch are larger than 262,144 bytes together.
    BatchRequestTooLong,
    /// A batch without entries.
    EmptyBatchRequest,
    /// A batch of more than ten entries.
    TooManyEntriesInBatchRequest,
    /// The id of an entry is not 1 to 80 letters, digits, hyphens and underscores. Holds the id.
    InvalidBatchEntryId(String),
    /// SNS, or this implementation, has no action with this name.
    InvalidAction(String),
    /// The store failed.
    Internal(String),
}

impl SnsError {
    /// Builds the error for a parameter that is refused for `reason`, in AWS's form.
    pub(super) fn parameter(name: &str, reason: impl std::fmt::Display) -> Self {
        Self::InvalidParameter(format!("{name} Reason: {reason}"))
    }

    /// Builds the error for an ARN with too few elements.
    pub(super) fn arn(name: &str, elements: usize) -> Self {
        Self::parameter(
            name,
            format!("An ARN must have at least 6 elements, not {elements}"),
        )
    }

    /// The error code in the answer.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "NotFound",
            Self::ResourceNotFound => "ResourceNotFound",
            Self::TagLimitExceeded => "TagLimitExceeded",
            Self::InvalidParameter(_) | Self::InvalidToken => "InvalidParameter",
            Self::InvalidParameterValue(_) => "ParameterValueInvalid",
            Self::ValidationError(_) => "ValidationError",
            Self::AuthorizationError(_) => "AuthorizationError",
            Self::BatchEntryIdsNotDistinct => "BatchEntryIdsNotDistinct",
            Self::BatchRequestTooLong => "BatchRequestTooLong",
            Self::EmptyBatchRequest => "EmptyBatchRequest",
            Self::TooManyEntriesInBatchRequest => "TooManyEntriesInBatchRequest",
            Self::InvalidBatchEntryId(_) => "InvalidBatchEntryId",
            Self::InvalidAction(_) => "InvalidAction",
            Self::Internal(_) => "InternalError",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::NotFound(_) | Self::ResourceNotFound => 404,
            Self::AuthorizationError(_) => 403,
            Self::Internal(_) => 500,
            _ => 400,
        }
    }

    /// Whether AWS refuses a whole batch if one of its entries has this error. It does for attributes and for the message
    /// structure, as a public suite has recorded.
    pub(super) fn refuses_whole_batch(&self) -> bool {
        match self {
            Self::InvalidParameterValue(_) | Self::ValidationError(_) => true,
            Self::InvalidParameter(reason) => reason.starts_with("Message Structure"),
            _ => false,
        }
    }

    /// The message for people, in AWS's words where they are known.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::NotFound(what) => format!("{what} does not exist"),
            Self::InvalidToken => "Invalid token".to_owned(),
            Self::ResourceNotFound => "Resource does not exist".to_owned(),
            Self::TagLimitExceeded => {
                "Could not complete request: tag quota of per resource exceeded".to_owned()
            }
            Self::InvalidParameter(what) => format!("Invalid parameter: {what}"),
            Self::InvalidParameterValue(message)
            | Self::ValidationError(message)
            | Self::AuthorizationError(message) => message.clone(),
            Self::BatchEntryIdsNotDistinct => {
                "Two or more batch entries in the request have the same Id.".to_owned()
            }
            Self::BatchRequestTooLong => {
                "The length of all the messages put together is more than the limit.".to_owned()
            }
            Self::EmptyBatchRequest => "The batch request doesn't contain any entries.".to_owned(),
            Self::TooManyEntriesInBatchRequest => {
                "The batch request contains more entries than permissible.".to_owned()
            }
            Self::InvalidBatchEntryId(id) if id.chars().count() > MAX_ID_LENGTH => {
                format!("The Id of a batch entry in the batch request is too long: {id}")
            }
            Self::InvalidBatchEntryId(id) => format!(
                "The Id of a batch entry in the batch request contains an impermissible character: {id}"
            ),
            Self::InvalidAction(action) => format!("The action {action} is not valid for this endpoint."),
            Self::Internal(_) => "The service could not complete the request.".to_owned(),
        }
    }
}

impl From<StoreError> for SnsError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<rusqlite::Error> for SnsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(error.to_string())
    }
}
