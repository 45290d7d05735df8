//! Reads the properties of a resource one by one, so that a property that is not read can be reported.

use serde_json::{Map, Value};

use crate::error::TemplateError;
use crate::template_path::TemplatePath;

/// A resolved mapping of the template.
///
/// Reading a property removes it. [`finish`](Self::finish) returns an error if a property is left. Values are
/// converted as by CloudFormation: a number may be given as a string, and a string as a number.
#[derive(Debug)]
pub(crate) struct Properties {
    at: TemplatePath,
    values: Map<String, Value>,
}

impl Properties {
    pub(crate) fn new(at: TemplatePath, value: Value) -> Result<Self, TemplateError> {
        match value {
            Value::Object(values) => Ok(Self { at, values }),
            Value::Null => Ok(Self {
                at,
                values: Map::new(),
            }),
            _ => Err(TemplateError::invalid(&at, "a mapping is expected")),
        }
    }

    /// Returns the position of the mapping.
    pub(crate) fn at(&self) -> &TemplatePath {
        &self.at
    }

    /// Reads any value without conversion.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        self.values.remove(name)
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, TemplateError> {
        self.values
            .remove(name)
            .map(|value| as_text(&value).ok_or_else(|| self.wrong(name, "a string is expected")))
            .transpose()
    }

    pub(crate) fn required_text(&mut self, name: &str) -> Result<String, TemplateError> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<u32>, TemplateError> {
        self.text(name)?
            .map(|text| {
                text.parse()
                    .map_err(|_| self.wrong(name, "a whole number is expected"))
            })
            .transpose()
    }

    /// Reads an integer from `least` to `most`.
    pub(crate) fn integer_within(
        &mut self,
        name: &str,
        least: u32,
        most: u32,
    ) -> Result<Option<u32>, TemplateError> {
        let value = self.integer(name)?;
        if value.is_some_and(|value| !(least..=most).contains(&value)) {
            return Err(self.wrong(name, &format!("it has to be {least} to {most}")));
        }
        Ok(value)
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, TemplateError> {
        self.text(name)?
            .map(|text| {
                text.parse()
                    .map_err(|_| self.wrong(name, "true or false is expected"))
            })
            .transpose()
    }

    pub(crate) fn mapping(&mut self, name: &str) -> Result<Option<Self>, TemplateError> {
        self.values
            .remove(name)
            .map(|value| Self::new(self.at.key(name), value))
            .transpose()
    }

    /// Reads the elements of a list, each with its location. Returns none if the property is absent.
    pub(crate) fn list(&mut self, name: &str) -> Result<Vec<(TemplatePath, Value)>, TemplateError> {
        match self.values.remove(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let at = self.at.key(name);
                Ok(items
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| (at.index(index), item))
                    .collect())
            }
            Some(_) => Err(self.wrong(name, "a list is expected")),
        }
    }

    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>, TemplateError> {
        self.list(name)?
            .into_iter()
            .map(|(at, value)| {
                as_text(&value).ok_or_else(|| TemplateError::invalid(&at, "a string is expected"))
            })
            .collect()
    }

    /// Returns all remaining entries as text.
    pub(crate) fn into_texts(self) -> Result<Vec<(String, String)>, TemplateError> {
        let Self { at, values } = self;
        values
            .into_iter()
            .map(|(key, value)| match as_text(&value) {
                Some(text) => Ok((key, text)),
                None => Err(TemplateError::invalid(&at.key(&key), "a string is expected")),
            })
            .collect()
    }

    /// Returns all remaining entries as mappings.
    pub(crate) fn into_mappings(self) -> Result<Vec<(String, Self)>, TemplateError> {
        let Self { at, values } = self;
        values
            .into_iter()
            .map(|(key, value)| Ok((key.clone(), Self::new(at.key(&key), value)?)))
            .collect()
    }

    pub(crate) fn ignore(&mut self, names: &[&str]) {
        for name in names {
            self.values.remove(*name);
        }
    }

    /// Returns an error if a property was not read.
    pub(crate) fn finish(self) -> Result<(), TemplateError> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(name) => Err(TemplateError::unsupported(
                &self.at,
                format!("the property `{name}`"),
            )),
        }
    }

    pub(crate) fn missing(&self, name: &str) -> TemplateError {
        TemplateError::invalid(&self.at, format!("the property `{name}` is missing"))
    }

    pub(crate) fn wrong(&self, name: &str, what: &str) -> TemplateError {
        TemplateError::invalid(&self.at.key(name), what)
    }
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
