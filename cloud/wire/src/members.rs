//! The members of a JSON object, of which only those are read that somebody asks for.
//!
//! A few members of a request say what it is about. The others can be large: items, message bodies.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The members of an object, by name. Of a name that stands twice, the last one counts.
#[derive(Debug, Default)]
pub struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    /// Reads the names. A value that is no object has no members.
    #[must_use]
    pub fn of(json: &'a [u8]) -> Self {
        Self(serde_json::from_slice(json).unwrap_or_default())
    }

    fn raw(json: &'a RawValue) -> Self {
        Self::of(json.get().as_bytes())
    }

    /// The text of a member. `None` if it is no text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// The members of a member.
    #[must_use]
    pub fn object(&self, name: &str) -> Self {
        self.0
            .get(name)
            .map_or_else(Self::default, |member| Self::raw(member))
    }

    /// The members of each element of a list. A value that is no list has no elements.
    pub fn objects(&self, name: &str) -> impl Iterator<Item = Self> + use<'a> {
        let list: Option<Vec<&'a RawValue>> = self
            .0
            .get(name)
            .and_then(|member| serde_json::from_str(member.get()).ok());
        list.into_iter().flatten().map(Self::raw)
    }

    /// The members of all members, by their names.
    pub fn all(&self) -> impl Iterator<Item = (&str, Self)> {
        self.0
            .iter()
            .map(|(name, member)| (name.as_str(), Self::raw(member)))
    }
}

#[cfg(test)]
mod tests {
    use super::Members;

    #[test]
    fn a_member_is_read_as_what_it_is_and_nothing_else() {
        let members = Members::of(
            br#"{"t": "a\"b", "n": 1, "o": {"x": {"y": "z"}}, "l": [{"s": "1"}, 2], "t2": "x", "t2": "y"}"#,
        );
        assert_eq!(members.text("t").as_deref(), Some("a\"b"));
        assert_eq!(members.text("t2").as_deref(), Some("y"));
        for no_text in ["n", "o", "l", "missing"] {
            assert_eq!(members.text(no_text), None);
        }
        let object = members.object("o");
        let all: Vec<_> = object
            .all()
            .map(|(name, inner)| (name, inner.text("y")))
            .collect();
        assert_eq!(all, [("x", Some("z".to_owned()))]);
        let texts: Vec<_> = members.objects("l").map(|one| one.text("s")).collect();
        assert_eq!(texts, [Some("1".to_owned()), None]);
        for no_list in ["t", "o", "missing"] {
            assert_eq!(members.objects(no_list).count(), 0);
        }
        for broken in [&b"{\"a\": \"b\""[..], b"[]", b"", b"\xff"] {
            assert_eq!(Members::of(broken).all().count(), 0);
        }
    }
}
