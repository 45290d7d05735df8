//! What is wrong with a document, where, and what to do about it.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// One thing wrong with a request. Written `{"pointer": "/items/0", "detail": "..."}`, or with `parameter` in the place
/// of `pointer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where.
    pub location: Location,
    /// What, and what to do: a sentence fragment that never quotes the value.
    pub detail: String,
}

/// The part of a request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A JSON pointer (RFC 6901) into the body, empty for the whole.
    Pointer(String),
    /// The name of a query parameter.
    Parameter(String),
}

impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut violation = serializer.serialize_struct("Violation", 2)?;
        match &self.location {
            Location::Pointer(pointer) => violation.serialize_field("pointer", pointer)?,
            Location::Parameter(name) => violation.serialize_field("parameter", name)?,
        }
        violation.serialize_field("detail", &self.detail)?;
        violation.end()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointer(place) | Self::Parameter(place) => formatter.write_str(place),
        }
    }
}

/// All that is wrong with a request, in the order of reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Violations(Vec<Violation>);

/// More than this many are not listed: a hostile body must not grow into a larger answer.
const MAX_LISTED: usize = 100;

impl Serialize for Violations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Violations {
    /// Adds one of the body; from the hundredth on they are dropped.
    pub fn push(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.add(Location::Pointer(pointer.into()), detail.into());
    }

    /// Adds one of a query parameter; from the hundredth on they are dropped.
    pub fn push_parameter(&mut self, name: &str, detail: impl Into<String>) {
        self.add(Location::Parameter(shortened(name)), detail.into());
    }

    fn add(&mut self, location: Location, detail: String) {
        if self.0.len() < MAX_LISTED {
            self.0.push(Violation { location, detail });
        }
    }

    /// Adds those of a part of the document, which lies at `parent`.
    pub fn append(&mut self, parent: &str, part: Self) {
        for Violation { location, detail } in part.0 {
            let location = match location {
                Location::Pointer(pointer) => Location::Pointer(format!("{parent}{pointer}")),
                Location::Parameter(name) => Location::Parameter(name),
            };
            self.add(location, detail);
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The violations in the order of reading.
    #[must_use]
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let location = match &violation.location {
                Location::Pointer(pointer) if pointer.is_empty() => "/",
                Location::Pointer(place) | Location::Parameter(place) => place,
            };
            write!(formatter, "{separator}{location}: {}", violation.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// Appends one reference token to a JSON pointer, escaped as RFC 6901 §3 says.
#[must_use]
pub fn pointer(parent: &str, token: &str) -> String {
    format!("{parent}/{}", token.replace('~', "~0").replace('/', "~1"))
}

/// A name that nobody knows may be anything, of any length.
pub(crate) fn shortened(name: &str) -> String {
    const MAX_CHARACTERS: usize = 64;
    match name.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_its_tokens() {
        assert_eq!(pointer("/items/0", "a/b~c"), "/items/0/a~1b~0c");
    }

    #[test]
    fn a_part_is_placed_in_its_whole() {
        let mut part = Violations::default();
        part.push("", "must be an object");
        part.push("/note", "must be a string");
        let mut whole = Violations::default();
        whole.append("/entries/3/order", part);
        assert_eq!(
            whole.to_string(),
            "/entries/3/order: must be an object; /entries/3/order/note: must be a string"
        );
    }

    #[test]
    fn the_list_is_bounded() {
        let mut violations = Violations::default();
        for index in 0..1000 {
            violations.push(format!("/{index}"), "wrong");
        }
        assert_eq!(violations.as_slice().len(), MAX_LISTED);
    }
}
