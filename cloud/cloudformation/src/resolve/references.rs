//! `Ref` and `Fn::GetAtt`: the values of parameters, pseudo parameters and resources on this machine.

use serde_json::Value;

use super::resolver::Resolver;
use crate::error::TemplateError;
use crate::ignored;
use crate::node::Node;
use crate::sections::Declaration;
use crate::template_path::TemplatePath;

impl<'t> Resolver<'t> {
    /// Returns the value of `Ref`.
    pub(super) fn reference(&self, target: &str, at: &TemplatePath) -> Result<Value, TemplateError> {
        if let Some(value) = self.parameters.get(target) {
            return Ok(value.clone());
        }
        if target.starts_with("AWS::") {
            return match self.location.pseudo_parameter(target) {
                Some(value) => Ok(Value::String(value)),
                None => Err(TemplateError::unsupported(
                    at,
                    format!("the pseudo parameter `{target}`"),
                )),
            };
        }
        if let Some(api) = target.strip_suffix(".Stage")
            && self
                .resources
                .get(api)
                .is_some_and(|found| found.kind == "AWS::Serverless::Api")
        {
            return Ok(Value::String(self.physical_name(api, at)?.1));
        }
        let declaration = self.declared(target, at)?;
        let location = self.location;
        Ok(Value::String(match declaration.kind.as_str() {
            "AWS::SQS::Queue" => location.queue_url(&self.physical_name(target, at)?.0),
            "AWS::SNS::Topic" => location.arn("sns", &self.physical_name(target, at)?.0),
            "AWS::Serverless::Api" => location.api_id(target),
            _ => self.physical_name(target, at)?.0,
        }))
    }

    /// Returns the value of `Fn::GetAtt`.
    pub(super) fn attribute(
        &self,
        resource: &str,
        attribute: &str,
        at: &TemplatePath,
    ) -> Result<String, TemplateError> {
        let declaration = self.declared(resource, at)?;
        let name = self.physical_name(resource, at)?.0;
        let location = self.location;
        Ok(match (declaration.kind.as_str(), attribute) {
            ("AWS::SQS::Queue", "Arn") => location.arn("sqs", &name),
            ("AWS::SQS::Queue", "QueueUrl") => location.queue_url(&name),
            ("AWS::SQS::Queue", "QueueName") | ("AWS::SNS::Topic", "TopicName") => name,
            ("AWS::SNS::Topic", "TopicArn") => location.arn("sns", &name),
            ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{name}"),
            ("AWS::DynamoDB::Table", "Arn") => location.arn("dynamodb", &format!("table/{name}")),
            ("AWS::Serverless::Function", "Arn") => location.arn("lambda", &format!("function:{name}")),
            ("AWS::IAM::Role", "Arn") => location.role_arn(&name),
            // On AWS, the ARN of a log group ends with an asterisk, so that it covers the streams.
            ("AWS::Logs::LogGroup", "Arn") => location.arn("logs", &format!("log-group:{name}:*")),
            ("AWS::Serverless::Api", "RootResourceId") => location.root_resource_id(resource),
            (kind, "Arn") if ignored::is_ignored_type(kind) => location.arn("ignored", &name),
            (kind, _) => {
                return Err(TemplateError::unsupported(
                    at,
                    format!("`Fn::GetAtt` of `{attribute}` of {kind}"),
                ));
            }
        })
    }

    /// Returns the name of a resource in the template, or else its logical id. For an API, also returns its
    /// stage.
    pub(crate) fn physical_name(
        &self,
        id: &str,
        at: &TemplatePath,
    ) -> Result<(String, String), TemplateError> {
        let declaration = self.declared(id, at)?;
        let property = |name: &str| -> Result<Option<String>, TemplateError> {
            let Node::Map(entries) = &declaration.properties else {
                return Ok(None);
            };
            let Some((_, node)) = entries.iter().find(|(key, _)| key == name) else {
                return Ok(None);
            };
            let at = TemplatePath::root(id).key("Properties").key(name);
            self.visit(id, &at, || {
                Ok(self
                    .resolve(node, &at)?
                    .and_then(|value| value.as_str().map(str::to_owned)))
            })
        };
        let name = match declaration.kind.as_str() {
            "AWS::SQS::Queue" => property("QueueName")?,
            "AWS::SNS::Topic" => property("TopicName")?,
            "AWS::DynamoDB::Table" => property("TableName")?,
            // CloudFormation makes a name of the stack and the logical id, because names of buckets have no capitals.
            "AWS::S3::Bucket" => Some(
                property("BucketName")?
                    .unwrap_or_else(|| format!("{}-{id}", self.location.stack_name).to_lowercase()),
            ),
            "AWS::Serverless::Function" => property("FunctionName")?,
            "AWS::IAM::Role" => property("RoleName")?,
            "AWS::Logs::LogGroup" => property("LogGroupName")?,
            "AWS::Serverless::Api" => property("Name")?,
            _ => None,
        };
        let stage = match declaration.kind.as_str() {
            "AWS::Serverless::Api" => property("StageName")?.unwrap_or_default(),
            _ => String::new(),
        };
        Ok((name.unwrap_or_else(|| id.to_owned()), stage))
    }

    fn declared(&self, id: &str, at: &TemplatePath) -> Result<&'t Declaration, TemplateError> {
        let declaration = *self
            .resources
            .get(id)
            .ok_or_else(|| TemplateError::invalid(at, format!("there is no parameter or resource `{id}`")))?;
        if let Some(condition) = &declaration.condition
            && !self.condition(condition, at)?
        {
            return Err(TemplateError::invalid(
                at,
                format!("`{id}` is not created, because condition `{condition}` is false"),
            ));
        }
        Ok(declaration)
    }
}
