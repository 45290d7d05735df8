//! A customer's words in an email: shown, but never as a link, a line of the email's own, or at any length.

/// The text in the form in which it may stand in an email: at most `most_characters`, nothing that a mail program
/// would turn into a link.
///
/// Mail programs link `scheme://`, `www.` and bare domains. Addresses are broken in the way that security reports use:
/// `https[:]//evil[.]example`. Points between digits and at the end of a word stay: they are amounts and sentences.
/// Control characters and line breaks are refused when an order is parsed; those that are invisible but legal are left
/// out here, lest they hide an address from the rule.
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
        let before = place.checked_sub(1).and_then(|place| kept.get(place));
        let after = kept.get(place + 1);
        match character {
            '.' | '\u{ff0e}' | '\u{ff61}' if joins_a_name(before, after) => shown.push_str("[.]"),
            ':' if after.is_some_and(|after| !after.is_whitespace())
                && before.is_some_and(|before| before.is_alphabetic()) =>
            {
                shown.push_str("[:]");
            }
            _ => shown.push(character),
        }
    }
    if cut {
        shown.push('…');
    }
    shown
}

/// Whether a point stands inside something that could be a host's name or address. Figures such as `1.5` do, too, but
/// a program links four of them only with a scheme, which is broken already.
fn joins_a_name(before: Option<&char>, after: Option<&char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    let part_of_name = |character: &char| character.is_alphanumeric() || matches!(character, '-' | '_');
    part_of_name(before) && part_of_name(after) && !(before.is_numeric() && after.is_numeric())
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
    use super::*;

    #[test]
    fn nothing_becomes_a_link() {
        for (text, expected) in [
            ("https://evil.example/x", "https[:]//evil[.]example/x"),
            ("www.evil.example", "www[.]evil[.]example"),
            ("evil.example", "evil[.]example"),
            ("x@evil.example", "x@evil[.]example"),
            ("mailto:x@evil.example", "mailto[:]x@evil[.]example"),
            ("http://192.0.2.1/", "http[:]//192.0.2.1/"),
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
            "Note: ring twice. Thanks",
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
