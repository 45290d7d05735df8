//! Reads a JSON object field by field and collects every violation with its pointer.

use json_document::{Object, Value};

use crate::pointer::Pointer;
use crate::violation::{Violations, shortened};

/// A field is invalid. Its violation is in the list.
#[derive(Debug)]
pub struct InvalidField;

/// One JSON object. A field that is never read is a violation.
#[derive(Debug)]
pub struct Fields<'a> {
    at: Pointer<'a>,
    object: &'a Object<'a>,
    known: Vec<&'static str>,
}

/// As many fields as most objects have.
const USUAL_FIELDS: usize = 8;

impl<'a> Fields<'a> {
    /// Starts to read `value` as an object.
    pub fn of(value: &'a Value<'a>, at: Pointer<'a>, violations: &mut Violations) -> Option<Self> {
        let Value::Object(object) = value else {
            violations.push(at, "must be an object");
            return None;
        };
        Some(Self {
            at,
            object,
            known: Vec::with_capacity(USUAL_FIELDS),
        })
    }

    /// The pointer of one of the object's fields.
    #[must_use]
    pub fn pointer<'p>(&'p self, name: &'p str) -> Pointer<'p> {
        Pointer::Member(&self.at, name)
    }

    /// A field that may be missing. `null` is not missing: its parser refuses it.
    pub fn optional(&mut self, name: &'static str) -> Option<&'a Value<'a>> {
        self.known.push(name);
        self.object.get(name)
    }

    /// A field that must be present.
    pub fn required(&mut self, name: &'static str, violations: &mut Violations) -> Option<&'a Value<'a>> {
        let value = self.optional(name);
        if value.is_none() {
            violations.push(self.pointer(name), "is required");
        }
        value
    }

    /// A required text.
    pub fn required_text<T, E: ToString>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
        violations: &mut Violations,
    ) -> Option<T> {
        let value = self.required(name, violations)?;
        self.text(name, value, parse, violations)
    }

    /// An optional text: `Ok(None)` if it is missing, an error if it is invalid.
    pub fn optional_text<T, E: ToString>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
        violations: &mut Violations,
    ) -> Result<Option<T>, InvalidField> {
        match self.optional(name) {
            None => Ok(None),
            Some(value) => self
                .text(name, value, parse, violations)
                .map(Some)
                .ok_or(InvalidField),
        }
    }

    fn text<T, E: ToString>(
        &self,
        name: &str,
        value: &Value<'_>,
        parse: impl FnOnce(&str) -> Result<T, E>,
        violations: &mut Violations,
    ) -> Option<T> {
        let Value::String(text) = value else {
            violations.push(self.pointer(name), "must be a string");
            return None;
        };
        parse(text)
            .map_err(|error| violations.push(self.pointer(name), error.to_string()))
            .ok()
    }

    /// Ends the object: every field that was not read is a violation.
    pub fn finish(self, violations: &mut Violations) {
        for (name, _) in self.object.iter() {
            if !self.known.contains(&name) {
                violations.push(
                    self.pointer(&shortened(name)),
                    format!("is not a field here; the fields are {}", self.known.join(", ")),
                );
            }
        }
    }
}

/// The integer that a JSON number is. `2`, `2.0` and `2e0` are the same integer, as in JSON Schema.
#[must_use]
pub fn integer(value: &Value<'_>) -> Option<u64> {
    let Value::Number(number) = value else {
        return None;
    };
    // A float is written without an exponent, and without decimals if it has none.
    number
        .as_u64()
        .or_else(|| number.as_f64()?.to_string().parse().ok())
}
