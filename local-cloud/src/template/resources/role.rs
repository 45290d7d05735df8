//! `AWS::IAM::Role`.

use serde_json::Value;

use super::super::{Place, TemplateError, ignored, properties::Properties};

/// A role that functions act with.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// Its physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Who may assume it: a policy document.
    pub assume_role_policy: Value,
    /// What it may do.
    pub policies: Vec<Policy>,
}

/// An inline policy of a role.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// A policy document.
    pub document: Value,
}

impl Role {
    pub(crate) fn read(
        place: &Place,
        name: String,
        mut properties: Properties,
    ) -> Result<Self, TemplateError> {
        properties.ignore(&["RoleName"]);
        properties.ignore(ignored::ROLE);
        let assume_role_policy = properties
            .value("AssumeRolePolicyDocument")
            .ok_or_else(|| properties.missing("AssumeRolePolicyDocument"))?;
        let mut policies = Vec::new();
        for (at, value) in properties.list("Policies")? {
            let mut policy = Properties::new(at, value)?;
            let name = policy.required_text("PolicyName")?;
            let document = policy
                .value("PolicyDocument")
                .ok_or_else(|| policy.missing("PolicyDocument"))?;
            policy.finish()?;
            policies.push(Policy { name, document });
        }
        properties.finish()?;
        Ok(Self {
            arn: place.role_arn(&name),
            name,
            assume_role_policy,
            policies,
        })
    }
}
