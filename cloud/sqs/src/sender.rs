//! Who sends a message, as the HTTP request says it.

/// The system attributes that a request adds to its messages.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    /// The value of the system attribute `SenderId`.
    pub id: String,
    /// The request's header `X-Amzn-Trace-Id`. It becomes the system attribute `AWSTraceHeader` of messages that do not
    /// bring their own. Source: SQS Developer Guide, "Amazon SQS and AWS X-Ray"; recorded answers of AWS.
    pub trace_header: Option<String>,
}

impl From<&str> for Sender {
    fn from(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            trace_header: None,
        }
    }
}
