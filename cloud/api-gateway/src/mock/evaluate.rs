//! Evaluates a response template for a request.

use std::collections::BTreeMap;

use super::parse::{Equality, Expression, Part, Target, Template};

/// The result of a template for one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Evaluated {
    /// The text outside of directives.
    pub(super) body: String,
    /// Headers that it set, by `$context.responseOverride.header`.
    pub(super) headers: Vec<(String, String)>,
}

/// The headers of the request, and the variables that are set.
struct Scope<'r> {
    request: &'r BTreeMap<&'r str, &'r str>,
    variables: BTreeMap<&'r str, String>,
}

impl Template {
    /// Evaluates it. `request` has the headers, whose names are compared in their case, as on AWS.
    pub(super) fn evaluate<'r>(&'r self, request: &'r BTreeMap<&'r str, &'r str>) -> Evaluated {
        let mut evaluated = Evaluated::default();
        let variables = BTreeMap::new();
        evaluate(&self.0, &mut Scope { request, variables }, &mut evaluated);
        evaluated
    }
}

fn evaluate<'r>(parts: &'r [Part], scope: &mut Scope<'r>, evaluated: &mut Evaluated) {
    for part in parts {
        match part {
            Part::Text(text) => evaluated.body.push_str(text),
            Part::Set(Target::Variable(name), value) => {
                let value = scope.value(value);
                scope.variables.insert(name, value);
            }
            Part::Set(Target::ResponseHeader(name), value) => {
                evaluated.headers.push((name.clone(), scope.value(value)));
            }
            Part::If(any_of, then) => {
                let is_equal = |Equality(left, right): &Equality| scope.value(left) == scope.value(right);
                if any_of.iter().any(is_equal) {
                    evaluate(then, scope, evaluated);
                }
            }
        }
    }
}

impl Scope<'_> {
    /// A header that the request does not have, and a variable that is not set, are empty.
    fn value(&self, expression: &Expression) -> String {
        match expression {
            Expression::Text(text) => text.clone(),
            Expression::Variable(name) => self.variables.get(name.as_str()).cloned().unwrap_or_default(),
            Expression::RequestHeader(name) => {
                let value = self.request.get(name.as_str());
                value.map(|value| (*value).to_owned()).unwrap_or_default()
            }
        }
    }
}
