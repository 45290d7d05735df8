//! Text from outside that cannot steer the terminal, and text that can be typed into a shell.

use std::path::Path;

/// Replaces the characters that can change how other characters are shown: control characters other than line breaks,
/// some of which steer a terminal, and the bidirectional controls of Unicode, which can change the order of what one reads.
#[must_use]
pub fn sanitize(text: &str) -> String {
    text.chars()
        .map(|character| {
            let is_replaced = (character.is_control() && character != '\n') || is_bidi_control(character);
            if is_replaced { '\u{fffd}' } else { character }
        })
        .collect()
}

/// The same for one line: a line break becomes a space.
#[must_use]
pub fn sanitize_line(text: &str) -> String {
    sanitize(text).replace(['\n', '\u{2028}', '\u{2029}'], " ")
}

/// The characters with the property `Bidi_Control`. Source: Unicode Standard Annex #9, section 2.
fn is_bidi_control(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Quotes a word for a shell, if it needs quotes.
#[must_use]
pub fn quote(word: &str) -> String {
    let is_plain = |character: char| {
        character.is_ascii_alphanumeric()
            || matches!(
                character,
                '-' | '_' | '.' | '/' | ':' | ',' | '+' | '@' | '%' | '='
            )
    };
    let word = sanitize(word);
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(is_plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Quotes a path for a shell, if it needs quotes.
#[must_use]
pub fn quote_path(path: &Path) -> String {
    quote(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(sanitize("a\u{1b}[2Jb\nc\r"), "a\u{fffd}[2Jb\nc\u{fffd}");
        assert_eq!(sanitize_line("a\nb\u{2028}c"), "a b c");
    }

    #[test]
    fn bidirectional_controls_are_made_visible() {
        // "EUR 1" can be shown as "1 RUE" after a right-to-left override.
        for control in [
            '\u{202e}', '\u{2066}', '\u{200f}', '\u{61c}', '\u{2069}', '\u{202a}',
        ] {
            assert_eq!(sanitize(&format!("a{control}b")), "a\u{fffd}b");
        }
        // Arabic and Hebrew text stays, and so do the joiners of emoji.
        assert_eq!(sanitize("שלום مرحبا 👩\u{200d}🔬"), "שלום مرحبا 👩\u{200d}🔬");
    }

    #[test]
    fn a_quoted_word_is_one_word_for_a_shell() {
        assert_eq!(quote("events/order-1.json"), "events/order-1.json");
        assert_eq!(quote("a b"), "'a b'");
        for word in [
            "a b", "it's", "$HOME", "`id`", "*", "~/x", "a\\b", "\"", "", "a;b", "#", "=ls", "!x", "\u{e9}",
        ] {
            let output = Command::new("sh")
                .arg("-c")
                .arg(format!("printf %s {}", quote(word)))
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }
}
