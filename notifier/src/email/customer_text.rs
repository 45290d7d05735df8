//! A customer's words in an email: shown, but never as a link, a line of the email's own, or at any length.

/// The most points of a number or date, as in `23.11.2026`. One more makes an IPv4 address of it.
const MAX_POINTS: usize = 2;

/// The text in the form in which it may stand in an email: at most `most_characters`, nothing that a mail program
/// would turn into a link.
///
/// Mail programs link `scheme:`, `www.`, bare domains and addresses, and paths of network shares. What joins such a thing
/// together is put into brackets, in the way of security reports: `https[:]//evil[.]example`. It stays where it stands at
/// an end or beside white space, and between digits: those are sentences, amounts and times of day. The rule looks at no
/// letters, since a mark on a letter or an invisible character would hide it.
/// Control characters and line breaks are refused when an order is parsed; those that are invisible but legal are left
/// out here, lest a reader take two words for one.
#[must_use]
pub fn shown(text: &str, most_characters: usize) -> String {
    let visible: Vec<char> = text
        .chars()
        .filter(|&character| !is_invisible(character))
        .collect();
    let cut = visible.len() > most_characters;
    let kept = if cut {
        &visible[..most_characters.saturating_sub(1)]
    } else {
        &visible[..]
    };
    let mut shown = String::with_capacity(text.len());
    for (place, &character) in kept.iter().enumerate() {
        if joins(&kept[..place], character, &kept[place + 1..]) {
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

/// Whether a character could join what stands around it to a link.
fn joins(before: &[char], character: char, after: &[char]) -> bool {
    // Further points, as of an ellipsis, part nothing and join nothing.
    let is_word = |character: &&char| **character != '.';
    let (last, next) = (before.iter().rev().find(is_word), after.iter().find(is_word));
    let is_apart = |neighbour: Option<&char>| neighbour.is_none_or(|neighbour| neighbour.is_whitespace());
    let in_number = last.is_some_and(char::is_ascii_digit) && next.is_some_and(char::is_ascii_digit);
    match character {
        // `\\server\share`; people write without.
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

/// Characters without width that are not needed to write a language or an emoji, and whatever ends a line.
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

    /// What links are made of, what looks like it, and what hides it.
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

    /// The text as the most obliging mail program reads it.
    fn obliging(text: &str) -> String {
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
            let read = obliging(&shown(&pieces.concat(), 200));
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
    fn ordinary_words_stay() {
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
