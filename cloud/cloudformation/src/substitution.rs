//! Splits the text of `Fn::Sub` into literals and variables.

/// A part of a `Fn::Sub` text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'t> {
    /// Literal text.
    Literal(&'t str),
    /// The name between `${` and `}`.
    Variable(&'t str),
}

/// Splits a text. `${!name}` is the literal `${name}`.
///
/// Returns `None` if a `${` is not closed.
pub(crate) fn split(text: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if start > 0 {
            parts.push(Part::Literal(&rest[..start]));
        }
        let inner = &rest[start + 2..];
        let end = inner.find('}')?;
        match inner[..end].strip_prefix('!') {
            Some(escaped) => {
                parts.push(Part::Literal("${"));
                parts.push(Part::Literal(escaped));
                parts.push(Part::Literal("}"));
            }
            None => parts.push(Part::Variable(inner[..end].trim())),
        }
        rest = &inner[end + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::Part::{Literal, Variable};
    use super::split;

    #[test]
    fn names_between_braces_are_variables() {
        assert_eq!(
            split("a-${B}${C.Arn}z"),
            Some(vec![
                Literal("a-"),
                Variable("B"),
                Variable("C.Arn"),
                Literal("z")
            ])
        );
        assert_eq!(split(""), Some(vec![]));
        assert_eq!(split("${A"), None);
    }

    #[test]
    fn an_exclamation_mark_escapes() {
        assert_eq!(
            split("${!x}"),
            Some(vec![Literal("${"), Literal("x"), Literal("}")])
        );
    }
}
