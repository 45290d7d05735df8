//! The errors of SQS, with AWS's own codes.

use cloud_store::StoreError;

/// An error answer of SQS.
///
/// [`SqsError::code`] is the code that tools print and SDKs compare, for example
/// `AWS.SimpleQueueService.NonExistentQueue`. Source: the "Errors" section of each action in the SQS API
/// Reference.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {}", self.code(), self.message())]
pub enum SqsError {
    /// No queue has this name.
    QueueDoesNotExist,
    /// A queue with this name and other attributes exists. Holds the name of an attribute that differs.
    QueueNameExists(String),
    /// A queue with this name was deleted within the last 60 seconds.
    QueueDeletedRecently,
    /// A queue attribute that SQS does not have, or not for this queue. Holds the whole message.
    InvalidAttributeName(String),
    /// The value of a queue attribute is out of range. Holds the attribute's name.
    InvalidAttributeValue(String),
    /// The value of a parameter is not allowed. Holds the whole message.
    InvalidParameterValue(String),
    /// A required parameter is missing. Holds its name.
    MissingParameter(&'static str),
    /// The body contains a character that XML 1.0 does not allow. Holds it.
    InvalidMessageContents(char),
    /// The message is larger than `MaximumMessageSize`. Holds the maximum in bytes.
    MessageTooLong(u32),
    /// This queue did not issue the receipt handle.
    ReceiptHandleIsInvalid(String),
    /// The message is not in flight, so its visibility cannot be changed.
    MessageNotInflight,
    /// 120,000 messages of the queue are in flight already.
    OverLimit,
    /// Another limit is reached. Holds the whole message.
    OverLimitOf(String),
    /// The queue was purged within the last 60 seconds. Holds its name.
    PurgeQueueInProgress(String),
    /// Two entries of a batch have the same id.
    BatchEntryIdsNotDistinct(String),
    /// The messages of a batch are larger than 1 MiB together. Holds their size in bytes.
    BatchRequestTooLong(usize),
    /// A batch without entries. Holds the entry's type.
    EmptyBatchRequest(&'static str),
    /// A batch of more than ten entries. Holds their number.
    TooManyEntriesInBatchRequest(usize),
    /// The id of an entry is not 1 to 80 letters, digits, hyphens and underscores.
    InvalidBatchEntryId,
    /// A message move task, or its queue, does not exist. Holds the whole message.
    ResourceNotFound(String),
    /// SQS supports this, but this implementation does not. Holds the whole message.
    UnsupportedOperation(String),
    /// A policy does not allow the call. Holds the whole message.
    AccessDenied(String),
    /// SQS has no action with this name.
    UnknownOperation(String),
    /// The request is not JSON with the fields of the action.
    Serialization(String),
    /// The store failed.
    Internal(String),
}

impl SqsError {
    /// The error code of the older Query protocol. Tools print it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.codes().0
    }

    /// The name of the error in the JSON protocol.
    #[must_use]
    pub fn shape(&self) -> &'static str {
        self.codes().1
    }

    /// The HTTP status. Source: the service model of SQS's Query protocol.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Internal(_) => 500,
            Self::AccessDenied(_)
            | Self::OverLimit
            | Self::OverLimitOf(_)
            | Self::PurgeQueueInProgress(_) => 403,
            Self::ResourceNotFound(_) => 404,
            _ => 400,
        }
    }

    /// Returns true if the sender caused the error, false if the service did.
    #[must_use]
    pub fn is_senders_fault(&self) -> bool {
        !matches!(self, Self::Internal(_))
    }

    fn codes(&self) -> (&'static str, &'static str) {
        match self {
            Self::QueueDoesNotExist => ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"),
            Self::QueueNameExists(_) => ("QueueAlreadyExists", "QueueNameExists"),
            Self::QueueDeletedRecently => (
                "AWS.SimpleQueueService.QueueDeletedRecently",
                "QueueDeletedRecently",
            ),
            Self::InvalidAttributeName(_) => ("InvalidAttributeName", "InvalidAttributeName"),
            Self::InvalidAttributeValue(_) => ("InvalidAttributeValue", "InvalidAttributeValue"),
            Self::InvalidParameterValue(_) | Self::MessageTooLong(_) => {
                ("InvalidParameterValue", "InvalidParameterValueException")
            }
            Self::MissingParameter(_) => ("MissingParameter", "MissingRequiredParameterException"),
            Self::InvalidMessageContents(_) => ("InvalidMessageContents", "InvalidMessageContents"),
            Self::ReceiptHandleIsInvalid(_) => ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            Self::MessageNotInflight => ("AWS.SimpleQueueService.MessageNotInflight", "MessageNotInflight"),
            Self::OverLimit | Self::OverLimitOf(_) => ("OverLimit", "OverLimit"),
            Self::PurgeQueueInProgress(_) => (
                "AWS.SimpleQueueService.PurgeQueueInProgress",
                "PurgeQueueInProgress",
            ),
            Self::BatchEntryIdsNotDistinct(_) => (
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
                "BatchEntryIdsNotDistinct",
            ),
            Self::BatchRequestTooLong(_) => (
                "AWS.SimpleQueueService.BatchRequestTooLong",
                "BatchRequestTooLong",
            ),
            Self::EmptyBatchRequest(_) => ("AWS.SimpleQueueService.EmptyBatchRequest", "EmptyBatchRequest"),
            Self::TooManyEntriesInBatchRequest(_) => (
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
                "TooManyEntriesInBatchRequest",
            ),
            Self::InvalidBatchEntryId => (
                "AWS.SimpleQueueService.InvalidBatchEntryId",
                "InvalidBatchEntryId",
            ),
            Self::ResourceNotFound(_) => ("ResourceNotFoundException", "ResourceNotFoundException"),
            Self::UnsupportedOperation(_) => (
                "AWS.SimpleQueueService.UnsupportedOperation",
                "UnsupportedOperation",
            ),
            Self::AccessDenied(_) => ("AccessDenied", "AccessDeniedException"),
            Self::UnknownOperation(_) => ("UnknownOperationException", "UnknownOperationException"),
            Self::Serialization(_) => ("SerializationException", "SerializationException"),
            Self::Internal(_) => ("InternalFailure", "InternalFailure"),
        }
    }

    /// The error of an unknown attribute, by its name.
    pub(crate) fn unknown_attribute(name: &str) -> Self {
        Self::InvalidAttributeName(format!("Unknown Attribute {name}."))
    }

    /// The message for an entry of a batch. Source: recorded answers of `SendMessageBatch`.
    pub(crate) fn entry_message(&self) -> String {
        match self {
            Self::MessageTooLong(maximum) => format!(
                "One or more parameters cannot be validated. Reason: Message must be shorter than {maximum} bytes."
            ),
            error => error.message(),
        }
    }

    /// The message for people, in AWS's words where they are known.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::QueueDoesNotExist => "The specified queue does not exist.".to_owned(),
            Self::QueueNameExists(attribute) => format!(
                "A queue already exists with the same name and a different value for attribute {attribute}"
            ),
            Self::QueueDeletedRecently => {
                "You must wait 60 seconds after deleting a queue before you can create another with the same name."
                    .to_owned()
            }
            Self::InvalidAttributeValue(name) => format!("Invalid value for the parameter {name}."),
            Self::InvalidAttributeName(message)
            | Self::InvalidParameterValue(message)
            | Self::OverLimitOf(message)
            | Self::ResourceNotFound(message)
            | Self::UnsupportedOperation(message)
            | Self::AccessDenied(message)
            | Self::Serialization(message) => message.clone(),
            Self::MissingParameter(name) => format!("The request must contain the parameter {name}."),
            Self::InvalidMessageContents(character) => invalid_character(*character, "body"),
            Self::MessageTooLong(maximum) => format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {maximum} bytes."
            ),
            Self::ReceiptHandleIsInvalid(handle) => {
                format!("The input receipt handle \"{handle}\" is not a valid receipt handle.")
            }
            Self::MessageNotInflight => "The message referred to isn't in flight.".to_owned(),
            Self::OverLimit => "The maximum number of in flight messages is reached.".to_owned(),
            Self::PurgeQueueInProgress(queue) => {
                format!("Only one PurgeQueue operation on {queue} is allowed every 60 seconds.")
            }
            Self::BatchEntryIdsNotDistinct(id) => format!("Id {id} repeated."),
            Self::BatchRequestTooLong(size) => {
                format!("Batch requests cannot be longer than 1048576 bytes. You have sent {size} bytes.")
            }
            Self::EmptyBatchRequest(entry) => {
                format!("There should be at least one {entry} in the request.")
            }
            Self::TooManyEntriesInBatchRequest(count) => {
                format!("Maximum number of entries per request are 10. You have sent {count}.")
            }
            Self::InvalidBatchEntryId => {
                "A batch entry id can only contain alphanumeric characters, hyphens and \
                                          underscores. It can be at most 80 letters long."
                    .to_owned()
            }
            Self::UnknownOperation(operation) => format!("SQS has no action {operation}."),
            Self::Internal(_) => "The service could not complete the request.".to_owned(),
        }
    }
}

/// AWS's words about a character that XML 1.0 does not allow, in the `part` of a message.
pub(crate) fn invalid_character(character: char, part: &str) -> String {
    format!(
        "Invalid binary character '#x{:X}' was found in the message {part}, the set of allowed characters is #x9 | #xA \
         | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].",
        u32::from(character)
    )
}

impl From<StoreError> for SqsError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<rusqlite::Error> for SqsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(error.to_string())
    }
}
