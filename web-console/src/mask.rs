//! Hiding personal data until somebody asks for it.

use serde_json::Value;

/// The replacement of a hidden text.
const MASK: &str = "[hidden]";

/// A document in which every text is hidden that is not known to be public.
pub(crate) fn document(document: &Value) -> Value {
    let hidden = dead_letters::hide_personal_data(&document.to_string());
    // It was JSON, and still is.
    serde_json::from_str(&hidden).unwrap_or(Value::Null)
}

/// The text of an email about one order or several, without the names, addresses, notes and references that callers wrote.
pub(crate) fn email(body: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut hidden_block = Block::None;
    for line in body.lines() {
        if line.is_empty() {
            hidden_block = Block::None;
        }
        let hidden = if hidden_block == Block::Note && line.starts_with(' ') {
            continue;
        } else if hidden_block == Block::Metadata && line.starts_with(' ') {
            format!("  {MASK}")
        } else if let Some(rest) = line.strip_prefix("Customer  ") {
            format!("Customer  {}", hide_name(rest))
        } else if line.starts_with("Email  ") {
            format!("Email     {MASK}")
        } else if line.starts_with("Reference ") {
            format!("Reference {MASK}")
        } else if line == "Metadata" {
            hidden_block = Block::Metadata;
            line.to_owned()
        } else if line.starts_with("Note  ") {
            hidden_block = Block::Note;
            format!("Note      {MASK}")
        } else if line.starts_with("  ") && line.contains(" UTC  ") {
            digest_line(line)
        } else {
            line.to_owned()
        };
        lines.push(hide_addresses(&hidden));
    }
    lines.join("\n")
}

/// The part of an email whose indented lines are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    None,
    Note,
    Metadata,
}

/// `NAME (ID)` without the name.
fn hide_name(text: &str) -> String {
    match text.rfind(" (") {
        Some(at) => format!("{MASK}{}", &text[at..]),
        None => text.to_owned(),
    }
}

/// `  ID  TIME UTC  2 items, EUR 29.95, NAME (ID)` without the name.
fn digest_line(line: &str) -> String {
    let mut parts = line.splitn(3, ", ");
    match (parts.next(), parts.next(), parts.next()) {
        (Some(order), Some(amount), Some(customer)) => match customer.split_once(", reference ") {
            Some((customer, _)) => format!("{order}, {amount}, {}, reference {MASK}", hide_name(customer)),
            None => format!("{order}, {amount}, {}", hide_name(customer)),
        },
        _ => line.to_owned(),
    }
}

/// Hides every word that looks like an email address.
fn hide_addresses(line: &str) -> String {
    if !line.contains('@') {
        return line.to_owned();
    }
    let words = line
        .split(' ')
        .map(|word| if word.contains('@') { MASK } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_email_keeps_the_order_and_loses_the_person() {
        let body = "Order 60411621 is confirmed: 2 items, EUR 64.60.\n\nCustomer  Ada (the first) Example (customer-1001)\n\
                    Email     ada@example.com\n\nItems\n  2 x EUR 12.50 = EUR 25.00  Assam tea, 250 g (TEA-ASSAM-250)\n\n\
                    Total     EUR 64.60\n\nReference 0171 of Ada\n\nMetadata\n  caller: Ada\n\nNote      Call 0171,\n          or write to ada@example.com\n\n--\nNotification n covers 1 order.\n";
        let hidden = email(body);
        for secret in ["Ada", "ada@", "0171", "write to"] {
            assert!(!hidden.contains(secret), "{secret} in {hidden}");
        }
        for kept in [
            "(customer-1001)",
            "Assam tea",
            "EUR 64.60",
            "Notification n covers",
        ] {
            assert!(hidden.contains(kept), "{kept} not in {hidden}");
        }
    }

    #[test]
    fn a_digest_loses_its_names() {
        let line = "  0199d3a0-5c1e  2026-11-23 09:35:00 UTC  2 items, JPY 7,500, Lovelace, Ada (c-42)";
        assert_eq!(
            email(line),
            "  0199d3a0-5c1e  2026-11-23 09:35:00 UTC  2 items, JPY 7,500, [hidden] (c-42)"
        );
        let with_reference =
            "  0199d3a0-5c1e  2026-11-23 09:35:00 UTC  1 item, EUR 1.00, c-7, reference of Ada";
        assert!(email(with_reference).ends_with("c-7, reference [hidden]"));
        let nameless = "  0199d3a0-5c1e  2026-11-23 09:35:00 UTC  1 item, JPY 7,500, c-7";
        assert_eq!(email(nameless), nameless);
    }

    #[test]
    fn an_order_keeps_its_status_and_loses_the_person() {
        let order = json!({ "order_id": "o", "status": "notified", "notified_at": "t", "note": "secret",
            "customer": { "id": "c-1", "email": "ada@example.com", "name": "Ada" } });
        let hidden = document(&order);
        assert_eq!(
            (&hidden["status"], &hidden["notified_at"]),
            (&"notified".into(), &"t".into())
        );
        assert!(
            !hidden.to_string().contains("Ada") && !hidden.to_string().contains("secret"),
            "{hidden}"
        );
    }
}
