//! Everything that the system holds of a customer, as JSON Lines.

use std::collections::BTreeSet;
use std::io;
use std::process::ExitCode;

use dead_letters::{AuditOptions, DeadLetter, audit_reveal, start_logging};
use futures_util::TryStreamExt as _;
use order_core::OrderId;
use order_core::text::CustomerId;
use order_table::attribute_value::to_attributes;
use serde::Serialize;
use serde_json::{Value, json};
use stack_client::Connection;
use stack_client::mailbox::Mail;
use terminal::stdout;

use crate::claims::Claims;
use crate::located::Located;
use crate::orders::Orders;
use crate::subject::Subject;
use crate::{email_text, letters, mailbox, waiting};

/// The data that no command can print.
const MISSING: &str = "Not exported: backups of the table, emails that AWS has sent, events that other subscribers have got, files of \
                       export, dlq export and dlq purge, and the audit line. Logs hold no personal data.";

/// Where the system holds a piece of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum StoragePlace {
    /// The table of orders.
    Row,
    /// The table of claims: a claim of an idempotency key, or the mark of a failed order.
    Claim,
    /// A dead-letter queue.
    DeadLetter,
    /// The mailbox of the system on this machine.
    Email,
}

/// A piece of data. `--everything` prints its JSON form.
#[derive(Debug, Serialize)]
struct Piece {
    place: StoragePlace,
    /// The customer's orders that it is about.
    order_ids: Vec<OrderId>,
    /// The data as it is stored. An email that covers orders of others has no line of them.
    data: Value,
}

/// Prints everything that the system holds of a customer, a JSON line for each piece. An audit line says who asked.
///
/// An order that only waits in a queue is not found: the last line on standard error says how many messages wait.
pub async fn print_stored_data(
    customer: &CustomerId,
    audit: &AuditOptions,
    connection: &Connection,
) -> anyhow::Result<ExitCode> {
    start_logging();
    audit_reveal(audit, connection, "customer", customer.as_str()).await?;
    let subject = Subject::of_customer(customer.clone());
    let table = Orders::open(connection).await?;
    let located = Located::search(&subject, &table, connection).await?;
    let orders = &located.orders;
    let mut printed = Printed::default();

    let mut rows = std::pin::pin!(table.rows(orders));
    while let Some((order, row)) = rows.try_next().await? {
        printed.print(&Piece::of_item(StoragePlace::Row, order, row))?;
    }
    let claims = Claims::open(connection).await?;
    let mut claims = std::pin::pin!(claims.read(orders));
    while let Some((order, claim)) = claims.try_next().await? {
        printed.print(&Piece::of_item(StoragePlace::Claim, order, claim))?;
    }
    for letter in &located.letters {
        let is_shared = letters::is_shared(letter, orders, &subject);
        printed.print(&Piece::of_letter(letter, is_shared, orders))?;
    }
    let emails = mailbox::read(orders, connection).await?;
    for email in emails.iter().flatten() {
        printed.print(&Piece::of_email(email, orders))?;
    }
    eprintln!("{}", printed.describe(orders.len(), emails.is_some()));
    let waiting = waiting::count(connection).await?;
    if waiting > 0 {
        eprintln!(
            "messages that wait in the queues: {waiting}. An order that is not stored yet is found by the same command when the \
             queues are empty."
        );
    }
    eprintln!("{MISSING}");
    Ok(ExitCode::SUCCESS)
}

impl Piece {
    fn of_item(place: StoragePlace, order: OrderId, item: order_table::attribute_value::Item) -> Self {
        Self {
            place,
            order_ids: vec![order],
            data: json!(to_attributes(item)),
        }
    }

    fn of_letter(letter: &DeadLetter, is_shared: bool, orders: &BTreeSet<OrderId>) -> Self {
        let mut data = json!(letter);
        if is_shared {
            data["body"] = json!(letters::email_text_of(letter).map(|text| email_text::only(&text, orders)));
        }
        Self {
            place: StoragePlace::DeadLetter,
            order_ids: email_text::named(&letter.body, orders).collect(),
            data,
        }
    }

    fn of_email(email: &Mail, orders: &BTreeSet<OrderId>) -> Self {
        Self {
            place: StoragePlace::Email,
            order_ids: email_text::named(&email.body, orders).collect(),
            data: json!({
                "subject": email.subject,
                "body": email_text::only(&email.body, orders),
                "received_at": email.received_at,
            }),
        }
    }
}

/// How many pieces were printed.
#[derive(Debug, Default)]
struct Printed {
    rows: usize,
    claims: usize,
    dead_letters: usize,
    emails: usize,
}

impl Printed {
    fn print(&mut self, piece: &Piece) -> io::Result<()> {
        stdout::print_json(piece)?;
        *match piece.place {
            StoragePlace::Row => &mut self.rows,
            StoragePlace::Claim => &mut self.claims,
            StoragePlace::DeadLetter => &mut self.dead_letters,
            StoragePlace::Email => &mut self.emails,
        } += 1;
        Ok(())
    }

    fn describe(&self, orders: usize, has_mailbox: bool) -> String {
        let mut text = format!(
            "exported of {orders} orders: rows {}, claims and marks {}, dead letters {}",
            self.rows, self.claims, self.dead_letters
        );
        if has_mailbox {
            text = format!("{text}, emails in the mailbox {}", self.emails);
        }
        text
    }
}
