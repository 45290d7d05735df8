//! A stack's outputs and parameters.

use std::collections::BTreeMap;

use anyhow::Context;
use aws_config::SdkConfig;
use terminal::text::quote;

use super::resource::Resource;
use crate::api::ApiAuth;

/// The outputs and parameters of a stack.
#[derive(Debug, Default)]
pub(super) struct Stack {
    name: String,
    outputs: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
    created_at: Option<String>,
}

impl Stack {
    /// The stack of this machine.
    pub(super) fn local(outputs: BTreeMap<String, String>) -> Self {
        Self {
            outputs,
            ..Self::default()
        }
    }

    /// Reads the stack from CloudFormation (`DescribeStacks`).
    pub(super) async fn describe(config: &SdkConfig, name: &str) -> anyhow::Result<Self> {
        let client = aws_sdk_cloudformation::Client::new(config);
        let answer = client.describe_stacks().stack_name(name).send().await;
        let answer = answer.with_context(|| {
            format!(
                "the stack {} cannot be read; name another one by --stack, or the resources themselves by --api-url, \
                 --orders-dlq-url and the like",
                quote(name)
            )
        })?;
        let stack = answer
            .stacks
            .unwrap_or_default()
            .into_iter()
            .next()
            .with_context(|| format!("there is no stack {name}"))?;
        let outputs = stack.outputs.unwrap_or_default().into_iter();
        let parameters = stack.parameters.unwrap_or_default().into_iter();
        Ok(Self {
            name: name.to_owned(),
            created_at: stack.creation_time.map(|at| at.to_string()),
            outputs: outputs
                .filter_map(|output| Some((output.output_key?, output.output_value?)))
                .collect(),
            parameters: parameters
                .filter_map(|parameter| Some((parameter.parameter_key?, parameter.parameter_value?)))
                .collect(),
        })
    }

    /// When it was created.
    pub(super) fn created_at(&self) -> Option<&str> {
        self.created_at.as_deref()
    }

    /// An output; it is an error if the stack has none of this name.
    pub(super) fn output(&self, name: &str) -> anyhow::Result<&str> {
        self.outputs
            .get(name)
            .map(String::as_str)
            .with_context(|| format!("the stack {} has no output {name}", self.name))
    }

    /// A resource's output, or the default on this machine.
    pub(super) fn output_or_default(&self, resource: Resource) -> String {
        let output = self.outputs.get(resource.output());
        output.map_or_else(|| resource.local_default().to_owned(), Clone::clone)
    }

    /// How the API authorizes its callers: the parameter `ApiAuth`, whose default in the template is IAM.
    pub(super) fn api_auth(&self) -> anyhow::Result<ApiAuth> {
        match self.parameters.get("ApiAuth").map(String::as_str) {
            None | Some("AWS_IAM") => Ok(ApiAuth::Iam),
            Some("API_KEY") => Ok(ApiAuth::ApiKey),
            Some("NONE") => Ok(ApiAuth::None),
            Some(other) => anyhow::bail!(
                "the stack {} has ApiAuth {other}, which this version does not know: say --api-auth",
                self.name
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_says_how_to_call_the_api() {
        let auth = |value: &str| {
            let stack = Stack {
                parameters: [("ApiAuth".to_owned(), value.to_owned())].into(),
                ..Stack::default()
            };
            stack.api_auth()
        };
        assert_eq!(auth("AWS_IAM").unwrap(), ApiAuth::Iam);
        assert_eq!(auth("API_KEY").unwrap(), ApiAuth::ApiKey);
        assert_eq!(auth("NONE").unwrap(), ApiAuth::None);
        assert!(auth("JWT").is_err());
        assert_eq!(Stack::default().api_auth().unwrap(), ApiAuth::Iam);
    }
}
