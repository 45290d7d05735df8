//! Violations of a request: where, which rule, and how to correct it.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::pointer::Pointer;

/// One violation of a request. Its JSON form is `{"pointer": "/items/0", "detail": "..."}`, with `parameter` instead of
/// `pointer` for a query parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where.
    pub location: Location,
    /// The broken rule as a sentence fragment. It never quotes the value.
    pub detail: String,
}

/// The part of a request that breaks a rule.
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
            Self::Pointer(text) | Self::Parameter(text) => formatter.write_str(text),
        }
    }
}

/// The violations of a request, in the order of parsing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Violations {
    listed: Vec<Violation>,
    is_cut: bool,
}

/// Further violations are dropped: a hostile body must not cause a larger answer.
const MAX_LISTED: usize = 100;

impl Serialize for Violations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.listed.serialize(serializer)
    }
}

impl Violations {
    /// Adds a violation of the body. The 101st and later ones are dropped.
    pub fn push(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.add(Location::Pointer(pointer.into()), detail.into());
    }

    /// Adds a violation of a query parameter. The 101st and later ones are dropped.
    pub fn push_parameter(&mut self, name: &str, detail: impl Into<String>) {
        self.add(Location::Parameter(shortened(name)), detail.into());
    }

    fn add(&mut self, location: Location, detail: String) {
        if self.listed.len() < MAX_LISTED {
            self.listed.push(Violation { location, detail });
        } else {
            self.is_cut = true;
        }
    }

    /// Adds the violations of the part of the document at `parent`.
    pub fn append(&mut self, parent: Pointer<'_>, part: Self) {
        self.is_cut |= part.is_cut;
        for Violation { location, detail } in part.listed {
            let location = match location {
                Location::Pointer(pointer) => Location::Pointer(format!("{parent}{pointer}")),
                Location::Parameter(name) => Location::Parameter(name),
            };
            self.add(location, detail);
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The first 100 violations in the order of parsing.
    #[must_use]
    pub fn as_slice(&self) -> &[Violation] {
        &self.listed
    }

    /// Whether there are more than are listed.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.listed.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let location = match &violation.location {
                Location::Pointer(pointer) if pointer.is_empty() => "/",
                Location::Pointer(text) | Location::Parameter(text) => text,
            };
            write!(formatter, "{separator}{location}: {}", violation.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// Cuts an unknown name: a client can send one of any length.
#[must_use]
pub fn shortened(name: &str) -> String {
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
    fn a_parts_violations_point_into_the_whole() {
        let mut part = Violations::default();
        part.push("", "must be an object");
        part.push("/note", "must be a string");
        let mut whole = Violations::default();
        whole.append(Pointer::At("/entries/3/order"), part);
        assert_eq!(
            whole.to_string(),
            "/entries/3/order: must be an object; /entries/3/order/note: must be a string"
        );
    }

    #[test]
    fn the_list_is_bounded() {
        let mut violations = Violations::default();
        for index in 0..MAX_LISTED {
            violations.push(format!("/{index}"), "wrong");
        }
        assert!(!violations.is_cut());
        for index in MAX_LISTED..1000 {
            violations.push(format!("/{index}"), "wrong");
            assert!(violations.is_cut());
        }
        assert_eq!(violations.as_slice().len(), MAX_LISTED);
        let mut whole = Violations::default();
        whole.append(Pointer::WHOLE, violations);
        assert!(whole.is_cut());
    }
}
