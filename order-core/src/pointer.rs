//! JSON pointers (RFC 6901).

use std::fmt;

/// A place in a document. It is written out only where something is wrong, because most documents are right.
#[derive(Debug, Clone, Copy)]
pub enum Pointer<'a> {
    /// The whole document, or the place that a text already names.
    At(&'a str),
    /// A member of the object at a place.
    Member(&'a Self, &'a str),
    /// An element of the array at a place.
    Element(&'a Self, usize),
}

impl Pointer<'_> {
    /// The whole document.
    pub const WHOLE: Self = Self::At("");
}

impl fmt::Display for Pointer<'_> {
    /// Each reference token is escaped as RFC 6901 §3 says.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(text) => formatter.write_str(text),
            Self::Member(parent, name) => {
                write!(
                    formatter,
                    "{parent}/{}",
                    name.replace('~', "~0").replace('/', "~1")
                )
            }
            Self::Element(parent, index) => write!(formatter, "{parent}/{index}"),
        }
    }
}

impl From<Pointer<'_>> for String {
    fn from(pointer: Pointer<'_>) -> Self {
        pointer.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_its_tokens() {
        let items = Pointer::At("/items");
        let item = Pointer::Element(&items, 0);
        assert_eq!(Pointer::Member(&item, "a/b~c").to_string(), "/items/0/a~1b~0c");
        assert_eq!(Pointer::WHOLE.to_string(), "");
        assert_eq!(Pointer::Member(&Pointer::WHOLE, "note").to_string(), "/note");
    }
}
