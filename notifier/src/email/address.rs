//! A customer's email address in an email: for the shop to answer to, and nothing else.

use std::borrow::Cow;

use order_core::text::EmailAddress;

use super::customer_text;

/// The address as it is where no mail program could link it as anything but an address, and like any other text of a
/// customer where one could.
///
/// An address may legally hold `www.evil.example/pay?o=1` before its `@` (RFC 5322, `atext`). Programs that look for an
/// address take words with one `.`, `_`, `+` or `-` between them; at anything else some end it and begin anew.
/// `www.` and `ftp.` make some of them look for a page.
#[must_use]
pub fn shown(address: &EmailAddress) -> Cow<'_, str> {
    let text = address.as_str();
    if is_plain(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(customer_text::shown(text, EmailAddress::MAX_CHARACTERS))
    }
}

fn is_plain(text: &str) -> bool {
    let (local, domain) = text.rsplit_once('@').unwrap_or((text, ""));
    // A page's name ends at a `+` for some: `evil.example+x@a.example`.
    let is_joint = |character: char| match character {
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
    // Some programs take a domain of one word for none, and what stands before it for a page. One of figures is an address
    // of the network.
    let has_top_level = domain
        .rsplit_once('.')
        .is_some_and(|(_, label)| label.starts_with(|first: char| first.is_ascii_alphabetic()));
    local.split(is_joint).all(is_word)
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
        shown(&EmailAddress::parse(text).unwrap()).into_owned()
    }

    #[test]
    fn ordinary_addresses_stay() {
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
    fn what_could_be_another_link_is_broken() {
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
