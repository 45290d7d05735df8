//! The dead letters about the orders.

use std::collections::BTreeSet;

use dead_letters::{
    DeadLetter, DeadLetterQueue, DeletedLetters, QueueName, delete_letters, read_all_letters,
};
use order_core::OrderId;
use serde_json::Value;
use stack_client::Connection;

use crate::email_text;
use crate::subject::Subject;

/// Reads all letters about orders. They stay in their queues.
pub(crate) async fn read(connection: &Connection) -> anyhow::Result<Vec<DeadLetter>> {
    let mut letters = Vec::new();
    for queue in DeadLetterQueue::open_of_orders(connection).await? {
        letters.extend(read_all_letters(&queue).await?);
    }
    Ok(letters)
}

/// The orders that a customer's letters name: an order that is not stored is in no index.
pub(crate) fn orders_of(letters: &[DeadLetter], subject: &Subject) -> BTreeSet<OrderId> {
    let of_customer = letters.iter().filter(|letter| is_of_customer(letter, subject));
    let ids = of_customer.filter_map(|letter| letter.order_id.as_ref()?.parse().ok());
    ids.collect()
}

/// Whether a letter is about one of the orders, or names the customer and no order.
pub(crate) fn is_about(letter: &DeadLetter, orders: &BTreeSet<OrderId>, subject: &Subject) -> bool {
    match letter.order_id.as_ref().and_then(|id| id.parse().ok()) {
        Some(order) => orders.contains(&order),
        // An email names each of its orders in its text.
        None => is_of_customer(letter, subject) || email_text::names_one_of(&letter.body, orders),
    }
}

/// Whether a letter about the orders is an email that covers other orders too. Nobody else has the news about those, so that the
/// letter stays until it is replayed.
pub(crate) fn is_shared(letter: &DeadLetter, orders: &BTreeSet<OrderId>, subject: &Subject) -> bool {
    letter.queue == QueueName::Emails
        && is_about(letter, orders, subject)
        && email_text::covers_others(&letter.body, orders)
}

/// The text of the email that SNS could not deliver: the field `Message` of SNS's JSON.
pub(crate) fn email_text_of(letter: &DeadLetter) -> Option<String> {
    let notification: Value = serde_json::from_str(&letter.body).ok()?;
    Some(notification.get("Message")?.as_str()?.to_owned())
}

fn is_of_customer(letter: &DeadLetter, subject: &Subject) -> bool {
    let customer = subject.customer().map(|customer| customer.as_str().to_owned());
    customer.is_some() && letter.customer_id() == customer
}

/// Deletes the letters of the orders alone from every queue. Returns the outcome for each.
pub(crate) async fn delete(
    orders: &BTreeSet<OrderId>,
    subject: &Subject,
    connection: &Connection,
) -> anyhow::Result<Vec<DeletedLetters>> {
    let mut outcomes = Vec::new();
    for queue in DeadLetterQueue::open_of_orders(connection).await? {
        let is_wanted =
            |letter: &DeadLetter| is_about(letter, orders, subject) && !is_shared(letter, orders, subject);
        outcomes.push(delete_letters(&queue, is_wanted).await?);
    }
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sqs::types::Message;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct TestCommand {
        #[command(flatten)]
        subject: Subject,
    }

    const ID: &str = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b";
    const OTHER: &str = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7c";
    const MESSAGE: &str = include_str!("../../order-core/golden/message-v1.json");
    const EVENT: &str = include_str!("../../order-core/golden/event-v1.json");

    fn subject(arguments: [&str; 2]) -> Subject {
        TestCommand::parse_from(["x"].iter().chain(&arguments)).subject
    }

    fn letter(queue: QueueName, body: &str) -> DeadLetter {
        DeadLetter::read(queue, &Message::builder().body(body).build())
    }

    #[test]
    fn a_customers_letters_name_orders_that_are_not_stored() {
        let letters = [
            letter(QueueName::Orders, MESSAGE),
            letter(QueueName::Notifications, &EVENT.replace(ID, OTHER)),
            letter(QueueName::Orders, "{"),
        ];
        let both = BTreeSet::from([ID, OTHER].map(|id| id.parse().unwrap()));
        assert_eq!(orders_of(&letters, &subject(["--customer", "c-42"])), both);
        assert_eq!(
            orders_of(&letters, &subject(["--customer", "c-4"])),
            BTreeSet::new()
        );
        assert_eq!(orders_of(&letters, &subject(["--order", ID])), BTreeSet::new());
    }

    #[test]
    fn a_letter_is_about_its_order_or_those_of_its_email() {
        let orders = BTreeSet::from([ID.parse().unwrap()]);
        let email = format!(r#"{{"Type":"Notification","Message":"Order {ID} is confirmed"}}"#);
        let subject_order = subject(["--order", ID]);
        for (queue, body, expected) in [
            (QueueName::Orders, MESSAGE, true),
            (QueueName::Notifications, EVENT, true),
            (QueueName::Emails, &*email, true),
            (QueueName::Emails, &*email.replace(ID, OTHER), false),
            (QueueName::Orders, &*MESSAGE.replace(ID, OTHER), false),
            (QueueName::Orders, "{", false),
        ] {
            assert_eq!(
                is_about(&letter(queue, body), &orders, &subject_order),
                expected,
                "{body}"
            );
        }
        let digest = letter(
            QueueName::Emails,
            &email.replace("is confirmed", "\\n--\\nNotification n covers 2 orders.\\n"),
        );
        assert!(is_shared(&digest, &orders, &subject_order));
        assert!(!is_shared(
            &letter(QueueName::Emails, &email),
            &orders,
            &subject_order
        ));
        let nameless = r#"{"order":{"customer":{"id":"c-42"}}}"#;
        let nameless = letter(QueueName::Orders, nameless);
        assert!(is_about(
            &nameless,
            &BTreeSet::new(),
            &subject(["--customer", "c-42"])
        ));
        assert!(!is_about(&nameless, &orders, &subject_order));
    }
}
