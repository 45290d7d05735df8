//! The table of books, of which the function sets the cover.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use book_cover::{Cover, Pictures};
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
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
        // The row tells a deleted book from one that has an outcome.
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    match call.send().await {
        Ok(_) => Ok(Recorded::Done),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                Ok(known(failed.item(), sequencer))
            }
            _ => Err(call_error(&error)),
        },
    }
}

/// Reads the row that refused the outcome. Without a row there is no book.
fn known(item: Option<&HashMap<String, AttributeValue>>, sequencer: &Sequencer) -> Recorded {
    let Some(item) = item else {
        return Recorded::NoBook;
    };
    let place = item.get("cover_sequencer").and_then(|value| value.as_s().ok());
    let place = place.and_then(|text| Sequencer::parse(text));
    Recorded::Known(place.unwrap_or_else(|| sequencer.clone()))
}

/// The cover as the table holds it.
fn stored(sequencer: &Sequencer, outcome: Outcome) -> String {
    let cover = match outcome {
        Outcome::Ready { width, height } => {
            // No picture is without pixels, and a sequencer has digits alone.
            Pictures::new(sequencer.as_str(), width, height).map_or(Cover::None, Cover::Ready)
        }
        Outcome::Refused(refusal) => Cover::Refused(refusal),
    };
    cover.to_string()
}

#[cfg(test)]
mod tests {
    use book_cover::RefusalReason;

    use super::*;

    #[test]
    fn a_refused_outcome_says_what_the_book_has() {
        let ours = Sequencer::parse("0A").unwrap();
        let row =
            |text: &str| HashMap::from([("cover_sequencer".to_owned(), AttributeValue::S(text.to_owned()))]);
        assert_eq!(known(None, &ours), Recorded::NoBook);
        let later = Sequencer::parse("0B").unwrap();
        assert_eq!(known(Some(&row("0B")), &ours), Recorded::Known(later));
        assert_eq!(known(Some(&row("?")), &ours), Recorded::Known(ours.clone()));
    }

    #[test]
    fn a_cover_is_stored_with_its_sequencer_or_its_reason() {
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
