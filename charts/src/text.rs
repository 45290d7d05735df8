//! Texts in XML and HTML.

/// Escapes a text for an element or for an attribute in double quotes. Characters that XML does not know become spaces.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML 1.0, section 2.2.
            '\u{fffe}' | '\u{ffff}' => escaped.push(' '),
            character if character.is_control() && character != '\n' => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_its_element_or_attribute() {
        assert_eq!(
            escape("a<b>&\"'\u{1b}\u{ffff}é\n"),
            "a&lt;b&gt;&amp;&quot;&#39;  é\n"
        );
    }
}
