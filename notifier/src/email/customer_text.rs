//! A customer's text in an email: it can neither be a link nor forge a line, and its length is limited.

/// The most points of a number or date, as in `23.11.2026`. With one more it could be an IPv4 address.
const MAX_POINTS: usize = 2;

/// The text for an email: at most `max_characters`, and nothing that a mail program would turn into a link.
///
/// Mail programs link `scheme:`, `www.`, bare domains and addresses, and paths of network shares. The characters that join the
/// parts of such a link are put into brackets, as security reports do: `https[:]//evil[.]example`. They are unchanged at an end
/// of the text, beside white space, and between digits, so that sentences, amounts and times of day are readable. The rule
/// ignores letters, since a combining mark or an invisible character could disguise one.
/// The parser of orders refuses control characters and line breaks. Invisible characters that it accepts are removed here, so
/// that two words cannot look like one.
#[must_use]
pub fn shown(text: &str, max_characters: usize) -> String {
    let visible: Vec<char> = text
        .chars()
        .filter(|&character| !is_invisible(character))
        .collect();
    let cut = visible.len() > max_characters;
    let kept = if cut {
        &visible[..max_characters.saturating_sub(1)]
    } else {
        &visible[..]
    };
    let mut shown = String::with_capacity(text.len());
    for (index, &character) in kept.iter().enumerate() {
        if joins(&kept[..index], character, &kept[index + 1..]) {
            shown.extend(['[', character, ']']);
        } else {
            shown.push(character);
        }
    }
    if cut {
        shown.push('…');
    }
    shown
}

/// Whether a character could join the text around it to a link.
fn joins(before: &[char], character: char, after: &[char]) -> bool {
    // Further points, as in an ellipsis, neither separate nor join.
    let is_word = |character: &&char| **character != '.';
    let (last, next) = (before.iter().rev().find(is_word), after.iter().find(is_word));
    let is_apart = |next: Option<&char>| next.is_none_or(|next| next.is_whitespace());
    let in_number = last.is_some_and(char::is_ascii_digit) && next.is_some_and(char::is_ascii_digit);
    match character {
        // `\\server\share`. Ordinary text has no backslash.
        '\\' => true,
        _ if is_apart(last) || is_apart(next) => false,
        ':' => !in_number,
        '.' => {
            let points = 1 + points_of_number(before.iter().rev()) + points_of_number(after.iter());
            !in_number || points > MAX_POINTS
        }
        // The other full stops that UTS #46 reads as the point of a domain.
        '\u{2024}' | '\u{3002}' | '\u{fe52}' | '\u{ff0e}' | '\u{ff61}' => true,
        _ => false,
    }
}

/// The points of the number that begins here.
fn points_of_number<'a>(characters: impl Iterator<Item = &'a char>) -> usize {
    characters
        .take_while(|character| character.is_ascii_digit() || **character == '.')
        .filter(|character| **character == '.')
        .take(MAX_POINTS)
        .count()
}

/// Characters without width that no language or emoji needs, and characters that end a line.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use linkify::LinkFinder;
    use proptest::prelude::*;

    use super::*;

    /// Parts of links, characters that look like them, and characters that disguise them.
    const PIECES: [&str; 44] = [
        "evil",
        "com",
        "example",
        "www",
        "ftp",
        "https",
        "mailto",
        "xn--p1ai",
        "é",
        "例え",
        "1",
        "10",
        "0",
        "192",
        ".",
        ".",
        ".",
        "\u{2024}",
        "\u{3002}",
        "\u{fe52}",
        "\u{ff0e}",
        "\u{ff61}",
        ":",
        ":",
        "/",
        "//",
        "@",
        "\\",
        "\\\\",
        " ",
        " ",
        "-",
        "_",
        ",",
        "(",
        ")",
        "\u{301}",
        "\u{34f}",
        "\u{180b}",
        "\u{200b}",
        "\u{200d}",
        "\u{fe0f}",
        "\u{e0100}",
        "ⅽ",
    ];

    /// The text as a mail program reads it that recognizes as many links as possible.
    fn most_permissive(text: &str) -> String {
        let read = |character| match character {
            '\u{2024}' | '\u{3002}' | '\u{fe52}' | '\u{ff0e}' | '\u{ff61}' => Some('.'),
            'ⅽ' => Some('c'),
            '\u{301}' | '\u{34f}' | '\u{180b}' | '\u{200d}' | '\u{fe0f}' | '\u{e0100}' => None,
            _ => Some(character),
        };
        text.chars().filter_map(read).collect()
    }

    proptest! {
        #[test]
        fn no_program_finds_a_link(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..12)) {
            let read = most_permissive(&shown(&pieces.concat(), 200));
            let mut finder = LinkFinder::new();
            finder.url_must_have_scheme(false);
            prop_assert_eq!(finder.links(&read).map(|link| link.as_str().to_owned()).next(), None, "{}", read);
            prop_assert!(!read.replace(r"[\]", "").contains('\\'), "{}", read);
            let mut numbers = read.split(|character: char| !character.is_ascii_digit() && character != '.');
            prop_assert!(!numbers.any(|number| number.parse::<Ipv4Addr>().is_ok()), "{}", read);
        }

        #[test]
        fn only_brackets_are_added(text in r"[a-z0-9.:/\\。 ]{0,40}") {
            prop_assert_eq!(shown(&text, 200).replace(['[', ']'], ""), text);
        }
    }

    #[test]
    fn nothing_becomes_a_link() {
        for (text, expected) in [
            ("https://evil.example/x", "https[:]//evil[.]example/x"),
            ("www.evil.example", "www[.]evil[.]example"),
            ("evil.example", "evil[.]example"),
            ("x@evil.example", "x@evil[.]example"),
            ("mailto:x@evil.example", "mailto[:]x@evil[.]example"),
            ("http://192.0.2.1/", "http[:]//192[.]0[.]2[.]1/"),
            ("192.0.2.1", "192[.]0[.]2[.]1"),
            ("1.2.3.com", "1[.]2[.]3[.]com"),
            ("s3://evil", "s3[:]//evil"),
            ("https\u{fe0f}://evil", "https\u{fe0f}[:]//evil"),
            ("cafe\u{301}.com", "cafe\u{301}[.]com"),
            ("evil\u{fe0f}.com", "evil\u{fe0f}[.]com"),
            ("evil.\u{34f}com", "evil[.]\u{34f}com"),
            ("evil\u{180b}.com", "evil\u{180b}[.]com"),
            ("evil\u{e0100}.com", "evil\u{e0100}[.]com"),
            ("evil\u{200d}.com", "evil\u{200d}[.]com"),
            ("evil。com", "evil[。]com"),
            ("evil．com", "evil[．]com"),
            ("evil｡com", "evil[｡]com"),
            ("evil\u{2024}com", "evil[\u{2024}]com"),
            ("evil1.ⅽom", "evil1[.]ⅽom"),
            (r"\\10.0.0.5\share", r"[\][\]10[.]0[.]0[.]5[\]share"),
            ("evil\u{200b}.\u{200b}example", "evil[.]example"),
            ("shop2.example", "shop2[.]example"),
        ] {
            assert_eq!(shown(text, 200), expected);
        }
    }

    #[test]
    fn ordinary_text_is_unchanged() {
        for text in [
            "Assam tea, 250 g",
            "1.5 l at 12:30, please.",
            "Note: ring twice. Thanks...",
            "On 23.11.2026 :)",
            "ありがとう。",
            "佐藤 花子",
            "👩‍👧 cards",
            "Müller & Söhne",
        ] {
            assert_eq!(shown(text, 200), text);
        }
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(shown("äöüäöü", 6), "äöüäöü");
        assert_eq!(shown("äöüäöü", 4), "äöü…");
    }

    #[test]
    fn lines_cannot_be_forged() {
        assert_eq!(shown("a\r\nb\u{2028}c", 200), "abc");
    }
}
