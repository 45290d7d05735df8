//! A customer's email address in an email to the shop.

use std::borrow::Cow;

use order_core::text::EmailAddress;

use super::customer_text;

/// The address unchanged if every mail program links it as an address or not at all; otherwise shown as any other text of a
/// customer.
///
/// An address may legally hold `www.evil.example/pay?o=1` before its `@` (RFC 5322, `atext`). A mail program recognizes words
/// with one `.`, `_`, `+` or `-` between them as an address. At any other character some programs end the address and begin a
/// new one, and some take `www.` and `ftp.` for the start of a web page.
#[must_use]
pub fn shown(address: &EmailAddress) -> Cow<'_, str> {
    let text = address.as_str();
    // An address of an earlier rule may hold anything.
    if EmailAddress::accept(text).is_ok() && is_plain(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(customer_text::shown(text, EmailAddress::MAX_CHARACTERS))
    }
}

fn is_plain(text: &str) -> bool {
    let (local, domain) = text.rsplit_once('@').unwrap_or((text, ""));
    // For some programs a domain ends at a `+`: `evil.example+x@a.example`.
    let is_separator = |character: char| match character {
        '.' | '-' | '_' => true,
        '+' => !local.contains('.'),
        _ => false,
    };
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|character| character.is_ascii_alphanumeric());
    let is_page = |word: &str| {
        let word = word.to_ascii_lowercase();
        word.starts_with("www") || word == "ftp"
    };
    // Some programs do not accept a domain of one word, and take the text before it for a page. A domain of digits is an IP
    // address.
    let has_top_level = domain
        .rsplit_once('.')
        .is_some_and(|(_, label)| label.starts_with(|first: char| first.is_ascii_alphabetic()));
    local.split(is_separator).all(is_word)
        && has_top_level
        && !text
            .split(|character: char| !character.is_ascii_alphanumeric())
            .any(is_page)
}

#[cfg(test)]
mod tests {
    use linkify::{LinkFinder, LinkKind};
    use proptest::prelude::*;

    use super::*;

    fn shown_as(text: &str) -> String {
        shown(&EmailAddress::accept(text).unwrap()).into_owned()
    }

    #[test]
    fn ordinary_addresses_are_unchanged() {
        for text in [
            "ada@example.com",
            "ada.lovelace@example.co.uk",
            "ada+shop@example.com",
            "a_b-c@xn--bcher-kva.example",
            "x@localhost",
        ] {
            assert_eq!(shown_as(text), text);
        }
    }

    #[test]
    fn possible_other_links_are_broken() {
        for (text, expected) in [
            ("www.evil.com/pay?o=1@a.b", "www[.]evil[.]com/pay?o=1@a[.]b"),
            ("www.evil.com@a.b", "www[.]evil[.]com@a[.]b"),
            ("x+WWW2.evil.com@a.b", "x+WWW2[.]evil[.]com@a[.]b"),
            ("evil.com#x@a.b", "evil[.]com#x@a[.]b"),
            ("x@ftp.evil.com", "x@ftp[.]evil[.]com"),
            ("evil.com+@b", "evil[.]com+@b"),
            ("evil.com+x@b.c", "evil[.]com+x@b[.]c"),
            ("evil.com@b", "evil[.]com@b"),
            ("x@10.0.0.5", "x@10[.]0[.]0[.]5"),
            ("o'neil@example.ie", "o'neil@example[.]ie"),
        ] {
            assert_eq!(shown_as(text), expected);
        }
    }

    proptest! {
        #[test]
        fn the_only_link_is_the_address(
            local in "(www|evil|com|[a-z0-9!#$%&'*+/=?^_`{|}~-]){1,3}([.](www|evil|com|[a-z0-9!#$%&'*+/=?^_`{|}~-]){1,3}){0,3}",
            domain in "(www|evil|[a-z0-9]{1,3})([.](com|ftp|[a-z0-9]{1,3})){0,2}",
        ) {
            let line = shown_as(&format!("{local}@{domain}"));
            let mut finder = LinkFinder::new();
            finder.url_must_have_scheme(false);
            for link in finder.links(&line) {
                prop_assert_eq!(link.kind(), &LinkKind::Email);
                prop_assert_eq!(link.as_str(), &line);
            }
        }
    }
}
