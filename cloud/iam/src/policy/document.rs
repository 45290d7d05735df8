//! A policy document and its statements.

use serde_json::{Map, Value};

use super::condition::{self, Condition};
use super::error::PolicyError;
use super::pattern::Pattern;
use super::principal::Principals;
use super::request::Request;
use super::texts::texts;

/// A policy document. All of its constructs are supported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Statement {
    allows: bool,
    /// `None` in a role's policy, which does not name its caller.
    principals: Option<Principals>,
    actions: Coverage,
    resources: Coverage,
    conditions: Vec<Condition>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Coverage {
    patterns: Vec<Pattern>,
    /// True for `Action` and `Resource`, false for `NotAction` and `NotResource`.
    matching: bool,
}

/// The kind of the object that a policy is attached to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A role. The policy does not name a principal, because that is the role.
    Identity,
    /// A queue or a topic. The policy names the principals.
    Resource,
    /// The trust policy of a role: it names who may assume the role. It does not name a resource, because
    /// that is the role.
    Trust,
}

impl Policy {
    /// Parses a policy of a role.
    ///
    /// # Errors
    /// Returns an error if the document is malformed or uses an unsupported construct.
    pub fn identity(document: &Value) -> Result<Self, PolicyError> {
        Self::parse(document, Kind::Identity)
    }

    /// Parses a policy of a queue or a topic.
    ///
    /// # Errors
    /// Returns an error if the document is malformed or uses an unsupported construct.
    pub fn resource(document: &Value) -> Result<Self, PolicyError> {
        Self::parse(document, Kind::Resource)
    }

    /// Parses the trust policy of a role.
    ///
    /// # Errors
    /// Returns an error if the document is malformed or uses an unsupported construct.
    pub fn trust(document: &Value) -> Result<Self, PolicyError> {
        Self::parse(document, Kind::Trust)
    }

    fn parse(document: &Value, kind: Kind) -> Result<Self, PolicyError> {
        let location = "the document";
        let fields = document
            .as_object()
            .ok_or_else(|| PolicyError::malformed(location, "a policy is a mapping"))?;
        if let Some(unknown) = fields
            .keys()
            .find(|key| !matches!(key.as_str(), "Version" | "Id" | "Statement"))
        {
            return Err(PolicyError::malformed(
                location,
                format!("a policy has no `{unknown}`"),
            ));
        }
        if let Some(version) = fields.get("Version")
            && version != "2012-10-17"
            && version != "2008-10-17"
        {
            return Err(PolicyError::malformed(
                location,
                "`Version` is 2012-10-17 or 2008-10-17",
            ));
        }
        let statements = match fields.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(statement) => vec![statement],
            None => return Err(PolicyError::malformed(location, "`Statement` is missing")),
        };
        let statements = statements.into_iter().enumerate();
        let statements = statements.map(|(index, statement)| Statement::parse(index, statement, kind));
        Ok(Self {
            statements: statements.collect::<Result<_, _>>()?,
        })
    }

    /// Returns true if a statement allows something to everybody, without a condition.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.statements.iter().any(|statement| {
            statement.allows
                && statement.principals == Some(Principals::Everyone)
                && statement.conditions.is_empty()
        })
    }

    /// Returns true if a statement allows the request.
    #[must_use]
    pub fn allows(&self, request: &Request<'_>) -> bool {
        self.statements.iter().any(|s| s.allows && s.applies(request))
    }

    /// Returns true if a statement denies the request.
    #[must_use]
    pub fn denies(&self, request: &Request<'_>) -> bool {
        self.statements.iter().any(|s| !s.allows && s.applies(request))
    }
}

impl Statement {
    fn parse(index: usize, statement: &Value, kind: Kind) -> Result<Self, PolicyError> {
        let location = match statement.get("Sid").and_then(Value::as_str) {
            Some(sid) => format!("statement `{sid}`"),
            None => format!("statement {}", index + 1),
        };
        let location = location.as_str();
        let fields = statement
            .as_object()
            .ok_or_else(|| PolicyError::malformed(location, "a statement is a mapping"))?;
        let known = [
            "Sid",
            "Effect",
            "Principal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        if fields.contains_key("NotPrincipal") {
            return Err(PolicyError::unsupported(location, "`NotPrincipal`"));
        }
        if let Some(unknown) = fields.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(PolicyError::malformed(
                location,
                format!("a statement has no `{unknown}`"),
            ));
        }
        let allows = match fields.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(PolicyError::malformed(location, "`Effect` is Allow or Deny")),
        };
        let principals = match (fields.get("Principal"), kind) {
            (None, Kind::Identity) => None,
            (Some(_), Kind::Identity) => {
                return Err(PolicyError::malformed(
                    location,
                    "a role's policy names no `Principal`",
                ));
            }
            (Some(value), _) => Some(Principals::parse(location, value)?),
            (None, _) => return Err(PolicyError::malformed(location, "`Principal` is missing")),
        };
        let resources = match kind {
            Kind::Trust => Coverage::everything(),
            Kind::Identity | Kind::Resource => Coverage::parse(location, fields, "Resource", Pattern::parse)?,
        };
        Ok(Self {
            allows,
            principals,
            actions: Coverage::parse(location, fields, "Action", Pattern::parse_lower_case)?,
            resources,
            conditions: match fields.get("Condition") {
                Some(value) => condition::parse(location, value)?,
                None => Vec::new(),
            },
        })
    }

    fn applies(&self, request: &Request<'_>) -> bool {
        let Request { caller, permission } = request;
        let is_about_caller = match &self.principals {
            None => true,
            Some(principals) if self.allows => principals.grant(caller),
            Some(principals) => principals.cover(caller),
        };
        is_about_caller
            && self.actions.covers(&permission.action.to_lowercase())
            && self.resources.covers(&permission.resource)
            && self.conditions.iter().all(|condition| condition.holds(caller))
    }
}

impl Coverage {
    fn everything() -> Self {
        Self {
            patterns: Vec::new(),
            matching: false,
        }
    }

    /// Reads the field `name` or `Notname`. Exactly one of the two must be present.
    fn parse(
        location: &str,
        fields: &Map<String, Value>,
        name: &str,
        pattern: impl Fn(&str, &str) -> Result<Pattern, PolicyError>,
    ) -> Result<Self, PolicyError> {
        let negated = format!("Not{name}");
        let (value, matching) = match (fields.get(name), fields.get(&negated)) {
            (Some(value), None) => (value, true),
            (None, Some(value)) => (value, false),
            _ => {
                return Err(PolicyError::malformed(
                    location,
                    format!("it takes one of `{name}` and `{negated}`"),
                ));
            }
        };
        let patterns = texts(location, name, value)?;
        let patterns = patterns.iter().map(|text| pattern(location, text));
        Ok(Self {
            patterns: patterns.collect::<Result<_, _>>()?,
            matching,
        })
    }

    fn covers(&self, text: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(text)) == self.matching
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_name_the_statement_and_the_problem() {
        let statement = json!({"Sid": "S", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"});
        let with = |name: &str, value: Value| {
            let mut statement = statement.clone();
            statement[name] = value;
            Policy::identity(&json!({ "Statement": statement }))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            with("Effect", json!("allow")),
            "statement `S`: `Effect` is Allow or Deny"
        );
        assert_eq!(
            with("NotAction", json!("x")),
            "statement `S`: it takes one of `Action` and `NotAction`"
        );
        assert_eq!(
            with("Principal", json!("*")),
            "statement `S`: a role's policy names no `Principal`"
        );
        assert_eq!(
            with("Resource", json!({"a": 1})),
            "statement `S`: `Resource` is a string or a list of strings"
        );
        assert_eq!(
            with("NotPrincipal", json!("*")),
            "statement `S`: `NotPrincipal` is not supported by local-cloud"
        );
        assert_eq!(
            with("Actions", json!("x")),
            "statement `S`: a statement has no `Actions`"
        );
        let unnamed = Policy::resource(&json!({"Statement": [{"Effect": "Deny"}]})).unwrap_err();
        assert_eq!(unnamed.to_string(), "statement 1: `Principal` is missing");
    }
}
