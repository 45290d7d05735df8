//! Parses a response template: the part of the Velocity Template Language that answers a CORS preflight.
//!
//! Source: the Velocity User Guide, and the API Gateway Developer Guide, "Mapping template and access logging variable reference" and
//! "Override your API's request and response parameters and status codes". No crate reads the language with API Gateway's variables.

use std::str::FromStr;

/// The place of the headers of an answer.
const RESPONSE_HEADER: &str = "$context.responseOverride.header.";
/// The place of the headers of a request.
const REQUEST_HEADER: &str = "$input.params().header.get(";

/// The template has a construct that is not implemented here: other than text, `#set($name = VALUE)`,
/// `#set($context.responseOverride.header.NAME = VALUE)`, and `#if(VALUE == VALUE || ...)` with `#end`. A value is a text in quotes,
/// `$name`, or `$input.params().header.get("NAME")`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this part of a response template is not supported: `{rest}`")]
pub struct ResponseTemplateError {
    /// The text from the construct on, up to 40 characters.
    rest: String,
}

/// A template as parts, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template(pub(super) Vec<Part>);

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text of the body.
    Text(String),
    /// `#set`.
    Set(Target, Expression),
    /// `#if`: the equalities of which one must hold, and the parts up to `#end`.
    If(Vec<Equality>, Vec<Self>),
}

/// The place that a `#set` sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A variable of the template.
    Variable(String),
    /// A header of the answer.
    ResponseHeader(String),
}

/// Two expressions that are compared with `==`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Equality(pub(super) Expression, pub(super) Expression);

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// A text in quotes.
    Text(String),
    /// A variable of the template.
    Variable(String),
    /// A header of the request.
    RequestHeader(String),
}

impl FromStr for Template {
    type Err = ResponseTemplateError;

    fn from_str(text: &str) -> Result<Self, ResponseTemplateError> {
        let mut source = Source(text);
        let parts = source.parts()?;
        match source.0 {
            "" => Ok(Self(parts)),
            _ => Err(source.unsupported()),
        }
    }
}

/// The rest of a template.
struct Source<'t>(&'t str);

impl Source<'_> {
    /// Reads parts up to the end or an `#end`, which stays.
    fn parts(&mut self) -> Result<Vec<Part>, ResponseTemplateError> {
        let mut parts = Vec::new();
        while !self.0.is_empty() && !self.0.starts_with("#end") {
            parts.push(self.part()?);
        }
        Ok(parts)
    }

    fn part(&mut self) -> Result<Part, ResponseTemplateError> {
        if self.take("#set(") {
            let target = self.target()?;
            self.expect("=")?;
            let value = self.expression()?;
            self.expect(")")?;
            return Ok(Part::Set(target, value));
        }
        if self.take("#if(") {
            let mut any_of = vec![self.equality()?];
            while self.take_after_space("||") {
                any_of.push(self.equality()?);
            }
            self.expect(")")?;
            let then = self.parts()?;
            self.expect("#end")?;
            return Ok(Part::If(any_of, then));
        }
        let end = self.0.find(['#', '$', '\\']).unwrap_or(self.0.len());
        match self.0.split_at(end) {
            ("", _) => Err(self.unsupported()),
            (text, rest) => {
                self.0 = rest;
                Ok(Part::Text(text.to_owned()))
            }
        }
    }

    fn target(&mut self) -> Result<Target, ResponseTemplateError> {
        self.0 = self.0.trim_start();
        if self.take(RESPONSE_HEADER) {
            return self.name().map(Target::ResponseHeader);
        }
        self.expect("$")?;
        self.name().map(Target::Variable)
    }

    fn equality(&mut self) -> Result<Equality, ResponseTemplateError> {
        let left = self.expression()?;
        self.expect("==")?;
        Ok(Equality(left, self.expression()?))
    }

    fn expression(&mut self) -> Result<Expression, ResponseTemplateError> {
        self.0 = self.0.trim_start();
        if self.take(REQUEST_HEADER) {
            let name = self.quoted()?;
            self.expect(")")?;
            return Ok(Expression::RequestHeader(name));
        }
        if self.take("$") {
            return self.name().map(Expression::Variable);
        }
        self.quoted().map(Expression::Text)
    }

    /// Reads a text in quotes without a reference, a directive or an escape.
    fn quoted(&mut self) -> Result<String, ResponseTemplateError> {
        let quote = self.0.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let found = quote.and_then(|quote| self.0[1..].split_once(quote));
        match found {
            Some((text, rest)) if !text.contains(['$', '#', '\\']) => {
                self.0 = rest;
                Ok(text.to_owned())
            }
            _ => Err(self.unsupported()),
        }
    }

    /// Reads a name, which may have hyphens. A dot or a parenthesis after it would be a property or a call.
    fn name(&mut self) -> Result<String, ResponseTemplateError> {
        let is_of_name =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        let end = self.0.find(|character| !is_of_name(character));
        let (name, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        if name.is_empty() || rest.starts_with(['.', '(', '[']) {
            return Err(self.unsupported());
        }
        self.0 = rest;
        Ok(name.to_owned())
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.0.strip_prefix(text);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn take_after_space(&mut self, text: &str) -> bool {
        let rest = self.0.trim_start().strip_prefix(text);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, text: &str) -> Result<(), ResponseTemplateError> {
        if self.take_after_space(text) {
            Ok(())
        } else {
            Err(self.unsupported())
        }
    }

    fn unsupported(&self) -> ResponseTemplateError {
        ResponseTemplateError {
            rest: self.0.chars().take(40).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const PREFLIGHT: &str = r#"#set($origin = $input.params().header.get("Origin"))
#if($origin == "")#set($origin = $input.params().header.get('origin'))#end
#if($origin == "https://a" || $origin == "https://b")
#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)#end"#;

    fn allowed(headers: &[(&str, &str)]) -> Vec<String> {
        let request = headers.iter().copied().collect::<BTreeMap<_, _>>();
        let evaluated = PREFLIGHT.parse::<Template>().unwrap().evaluate(&request);
        assert!(evaluated.body.trim().is_empty());
        let headers = evaluated.headers.into_iter();
        headers
            .map(|(name, value)| {
                assert_eq!(name, "Access-Control-Allow-Origin");
                value
            })
            .collect()
    }

    #[test]
    fn a_template_names_the_origin_of_the_request_if_it_is_listed() {
        assert_eq!(allowed(&[("Origin", "https://a")]), ["https://a"]);
        assert_eq!(allowed(&[("origin", "https://b")]), ["https://b"]);
        for stranger in ["https://c", "https://a,https://b", "https://A", ""] {
            assert!(allowed(&[("Origin", stranger)]).is_empty(), "{stranger}");
        }
        assert!(allowed(&[]).is_empty());
    }

    #[test]
    fn an_unknown_construct_is_refused_by_its_text() {
        for (template, rest) in [
            ("$input.body", "$input.body"),
            ("a #foreach($x in $y)b#end", "#foreach($x in $y)b#end"),
            (r#"#if($a.matches("x"))b#end"#, r#"a.matches("x"))b#end"#),
            (r#"#if($a == "x")b"#, ""),
            (r#"#if($a == "x" && $a == "y")b#end"#, r#" && $a == "y")b#end"#),
            (r#"#if($a == "x")b#else c#end"#, "#else c#end"),
            (r#"#set($a = "$b")"#, r#""$b")"#),
            (
                r#"#set($context.responseOverride.status = "1")"#,
                r#"context.responseOverride.status = "1")"#,
            ),
            ("a#end", "#end"),
        ] {
            let error = template.parse::<Template>().unwrap_err();
            assert_eq!(error.rest, rest, "{template}");
        }
    }
}
