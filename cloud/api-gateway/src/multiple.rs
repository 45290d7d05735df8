//! Names with several values, in the two forms of a proxy event.

use std::collections::BTreeMap;

/// Each name with all its values, in the order of their arrival.
pub(crate) type Multiple = BTreeMap<String, Vec<String>>;

/// Each name with its last value.
pub(crate) fn last_values(multiple: &Multiple) -> BTreeMap<&str, &str> {
    let mut last = BTreeMap::new();
    for (name, values) in multiple {
        if let Some(value) = values.last() {
            last.insert(name.as_str(), value.as_str());
        }
    }
    last
}
