//! The table of books, of which the function sets the cover.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use function_runtime::CallError;
use function_runtime::aws::call_error;
use time::OffsetDateTime;
use timestamp::Timestamp;

use crate::ports::{Outcome, Recorded};
use crate::sequencer::Sequencer;

/// A change of the version, so that a change of the book that was prepared before is refused and made again.
const CHANGE: &str =
    "SET cover = :cover, cover_sequencer = :sequencer, updated_at = :now, #version = #version + :one";
/// A book that was deleted is not made again. An event that comes twice or late finds its own outcome or a later one.
const CONDITION: &str =
    "attribute_exists(isbn) AND (attribute_not_exists(cover_sequencer) OR cover_sequencer < :sequencer)";

pub(super) async fn record(
    client: &Client,
    table: &str,
    isbn: &str,
    sequencer: &Sequencer,
    outcome: Outcome,
) -> Result<Recorded, CallError> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let now = Timestamp::new(OffsetDateTime::now_utc()).to_string();
    let call = client
        .update_item()
        .table_name(table)
        .key("isbn", text(isbn))
        .update_expression(CHANGE)
        .condition_expression(CONDITION)
        .expression_attribute_names("#version", "version")
        .expression_attribute_values(":cover", text(&stored(sequencer, outcome)))
        .expression_attribute_values(":sequencer", text(sequencer.as_str()))
        .expression_attribute_values(":now", text(&now))
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
    match call.send().await {
        Ok(_) => Ok(Recorded::Done),
        Err(error) if is_unneeded(&error) => Ok(Recorded::Unneeded),
        Err(error) => Err(call_error(&error)),
    }
}

fn is_unneeded<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    let error = error.as_service_error();
    error.is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}

/// The cover as the table holds it. catalog-api reads it (`shop/catalog-api/src/book/cover.rs`).
fn stored(sequencer: &Sequencer, outcome: Outcome) -> String {
    match outcome {
        Outcome::Ready { width, height } => format!("ready {sequencer} {width}x{height}"),
        Outcome::Refused(refusal) => format!("refused {}", refusal.code()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cover_pictures::RefusalReason;

    /// catalog-api has a test with the same texts.
    #[test]
    fn a_cover_is_stored_as_catalog_api_reads_it() {
        let sequencer = Sequencer::parse("0A").unwrap();
        let ready = Outcome::Ready {
            width: 640,
            height: 960,
        };
        assert_eq!(
            stored(&sequencer, ready),
            "ready 0A000000000000000000000000000000 640x960"
        );
        let codes = RefusalReason::ALL.map(|refusal| stored(&sequencer, Outcome::Refused(refusal)));
        assert_eq!(
            codes,
            [
                "refused file_too_large",
                "refused unsupported_format",
                "refused damaged",
                "refused too_many_pixels",
                "refused too_small",
            ]
        );
    }
}
