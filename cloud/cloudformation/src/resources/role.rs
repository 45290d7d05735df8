//! `AWS::IAM::Role`.

use cloud_iam as iam;

use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;
use crate::stack_location::StackLocation;
use crate::template_path::TemplatePath;

/// A role of functions.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// The physical name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// The trust policy: who may assume the role.
    pub assume_role_policy: iam::Policy,
    /// The inline policies: the permissions of the role.
    pub policies: Vec<Policy>,
}

/// An inline policy of a role.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The name of the policy.
    pub name: String,
    /// The policy document.
    pub document: iam::Policy,
}

impl Role {
    pub(crate) fn read(
        location: &StackLocation,
        name: String,
        mut properties: Properties,
    ) -> Result<Self, TemplateError> {
        properties.ignore(&["RoleName"]);
        properties.ignore(ignored::ROLE);
        let assume_role_policy = properties
            .value("AssumeRolePolicyDocument")
            .ok_or_else(|| properties.missing("AssumeRolePolicyDocument"))?;
        let at = properties.at().key("AssumeRolePolicyDocument");
        let assume_role_policy = iam::Policy::trust(&assume_role_policy).map_err(refused(&at))?;
        let mut policies = Vec::new();
        for (at, value) in properties.list("Policies")? {
            let mut policy = Properties::new(at, value)?;
            let name = policy.required_text("PolicyName")?;
            let document = policy
                .value("PolicyDocument")
                .ok_or_else(|| policy.missing("PolicyDocument"))?;
            let at = policy.at().key("PolicyDocument");
            let document = iam::Policy::identity(&document).map_err(refused(&at))?;
            policy.finish()?;
            policies.push(Policy { name, document });
        }
        properties.finish()?;
        Ok(Self {
            arn: location.role_arn(&name),
            name,
            assume_role_policy,
            policies,
        })
    }
}

/// Builds the error of a policy document at this location.
pub(super) fn refused(at: &TemplatePath) -> impl Fn(iam::PolicyError) -> TemplateError {
    move |error| TemplateError::invalid(at, error.to_string())
}
