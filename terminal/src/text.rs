//! Text from outside that cannot steer the terminal.

/// Replaces control characters other than line breaks, since some of them steer a terminal.
#[must_use]
pub fn sanitize(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() && character != '\n' {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// The same for one line: a line break becomes a space.
#[must_use]
pub fn sanitize_line(text: &str) -> String {
    sanitize(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(sanitize("a\u{1b}[2Jb\nc\r"), "a\u{fffd}[2Jb\nc\u{fffd}");
        assert_eq!(sanitize_line("a\nb"), "a b");
    }
}
