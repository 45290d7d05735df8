//! Requests of the Query protocol: forms with flat field names that encode lists and maps.
//!
//! Source: AWS Smithy documentation, "AWS query protocol".

use std::collections::BTreeMap;

/// The fields of a form by their full names.
#[derive(Clone, Debug, Default)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads an encoded form; of a name that stands twice, the last value counts.
    #[must_use]
    pub fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The value of a field, by its full name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns the fields below `prefix.N.` for each N, in the order of N.
    #[must_use]
    pub fn list(&self, prefix: &str) -> Vec<Self> {
        let mut items: BTreeMap<u32, BTreeMap<String, String>> = BTreeMap::new();
        for (name, value) in &self.0 {
            let rest = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'));
            let Some(rest) = rest else { continue };
            let (index, field) = rest.split_once('.').unwrap_or((rest, ""));
            if let Ok(index) = index.parse() {
                items
                    .entry(index)
                    .or_default()
                    .insert(field.to_owned(), value.clone());
            }
        }
        items.into_values().map(Self).collect()
    }

    /// Returns the map in `prefix.entry.N.key` and `prefix.entry.N.value`.
    #[must_use]
    pub fn map(&self, prefix: &str) -> BTreeMap<String, String> {
        let entries = self.list(&format!("{prefix}.entry")).into_iter();
        entries
            .filter_map(|mut e| Some((e.0.remove("key")?, e.0.remove("value").unwrap_or_default())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn lists_are_in_the_order_of_their_numbers_and_maps_are_read() {
        let form = Form::parse(b"L.member.10.Id=ten&L.member.2.Id=two&A.entry.1.key=k&A.entry.1.value=a%26b");
        let ids: Vec<_> = form
            .list("L.member")
            .iter()
            .map(|item| item.get("Id").unwrap().to_owned())
            .collect();
        assert_eq!(ids, ["two", "ten"]);
        assert_eq!(form.map("A")["k"], "a&b");
    }
}
