//! The resources and outputs of the template, resolved for this machine.

use std::collections::BTreeMap;

use cloud_cloudwatch::{Alarm, MetricFilter};

use crate::error::TemplateError;
use crate::parameters::Parameters;
use crate::properties::Properties;
use crate::resolve::Resolver;
use crate::resources::{
    alarm,
    api::Api,
    api_key::{ApiKey, ApiKeyParts},
    bucket::Bucket,
    bucket_event::BucketEvent,
    event_source_mapping::EventSourceMapping,
    function::Function,
    lambda_permission::{self, Permission},
    metric_filter, policies,
    queue::Queue,
    role::Role,
    subscription::Subscription,
    table::Table,
    topic::Topic,
};
use crate::sections::{Declaration, Sections};
use crate::stack_location::StackLocation;
use crate::template_path::TemplatePath;
use crate::{globals, ignored};

/// A resolved template: the resources to create on this machine.
#[derive(Debug, Default)]
pub struct Stack {
    /// The queues, in the order of the template.
    pub queues: Vec<Queue>,
    /// The topics, in the order of the template.
    pub topics: Vec<Topic>,
    /// The subscriptions, including those inside topics.
    pub subscriptions: Vec<Subscription>,
    /// Tables.
    pub tables: Vec<Table>,
    /// The buckets, in the order of the template.
    pub buckets: Vec<Bucket>,
    /// Functions.
    pub functions: Vec<Function>,
    /// The event source mappings, including those declared as events of functions.
    pub event_source_mappings: Vec<EventSourceMapping>,
    /// The REST API, if the template has one.
    pub api: Option<Api>,
    /// The API keys of the usage plan.
    pub api_keys: Vec<ApiKey>,
    /// The alarms, in the order of the template.
    pub alarms: Vec<Alarm>,
    /// The metric filters of log groups.
    pub metric_filters: Vec<MetricFilter>,
    /// The roles and their policies.
    pub roles: Vec<Role>,
    /// The outputs by name, as `aws cloudformation describe-stacks` shows them.
    pub outputs: BTreeMap<String, String>,
    /// The parameters by name, with the values that were used.
    pub parameters: BTreeMap<String, String>,
}

impl Stack {
    /// Parses and resolves a template.
    ///
    /// # Errors
    /// Returns an error for anything that CloudFormation would refuse, and for a construct that local-cloud does not support.
    /// The error names the construct and its location.
    pub fn load(
        text: &str,
        overrides: &BTreeMap<String, String>,
        location: &StackLocation,
    ) -> Result<Self, TemplateError> {
        let sections = Sections::parse(text)?;
        globals::check(&sections.globals)?;
        let parameters = Parameters::parse(sections.parameters, overrides)?;
        let resolver = Resolver::new(location, &parameters, &sections.conditions, &sections.resources);
        resolver.check_rules(&sections.rules)?;
        let mut stack = Self::default();
        let mut parts = Parts::default();
        for (id, declaration) in &sections.resources {
            let at = TemplatePath::root(id.clone());
            if let Some(condition) = &declaration.condition
                && !resolver.condition(condition, &at)?
            {
                continue;
            }
            stack.add(id, declaration, &sections.globals, &resolver, &mut parts)?;
        }
        let Parts {
            policies,
            keys,
            buckets,
        } = parts;
        buckets.attach(&mut stack.buckets)?;
        policies.attach(&mut stack.queues, &mut stack.topics, &mut stack.buckets)?;
        stack.api_keys = keys.into_keys();
        stack.route_events()?;
        for (name, node) in &sections.outputs {
            let at = TemplatePath::root("Outputs").key(name);
            stack.outputs.extend(output(name, node, &at, &resolver)?);
        }
        stack.parameters = parameters.into_texts();
        Ok(stack)
    }

    fn add(
        &mut self,
        id: &str,
        declaration: &Declaration,
        globals: &[(String, crate::node::Node)],
        resolver: &Resolver<'_>,
        parts: &mut Parts,
    ) -> Result<(), TemplateError> {
        let at = TemplatePath::root(id).key("Properties");
        let kind = declaration.kind.as_str();
        if ignored::is_ignored_type(kind) {
            return Ok(());
        }
        let node = match kind {
            "AWS::Serverless::Function" => {
                globals::merge(globals, "Function", declaration.properties.clone())
            }
            "AWS::Serverless::Api" => globals::merge(globals, "Api", declaration.properties.clone()),
            _ => declaration.properties.clone(),
        };
        let values = resolver.resolve(&node, &at)?.unwrap_or_default();
        let mut properties = Properties::new(at, values)?;
        let name = resolver.physical_name(id, properties.at())?.0;
        let location = resolver.location;
        match kind {
            "AWS::SQS::Queue" => self.queues.push(Queue::read(name, properties)?),
            "AWS::SQS::QueuePolicy" => parts.policies.read_queue_policy(properties)?,
            "AWS::SNS::Topic" => {
                let (topic, subscriptions) = Topic::read(location, name, properties)?;
                self.topics.push(topic);
                self.subscriptions.extend(subscriptions);
            }
            "AWS::SNS::TopicPolicy" => parts.policies.read_topic_policy(properties)?,
            "AWS::SNS::Subscription" => self.subscriptions.push(Subscription::read(properties, None)?),
            "AWS::S3::Bucket" => self.buckets.push(Bucket::read(name, properties)?),
            "AWS::S3::BucketPolicy" => parts.policies.read_bucket_policy(properties)?,
            "AWS::DynamoDB::Table" => self.tables.push(Table::read(name, properties)?),
            "AWS::Serverless::Function" => {
                let at = TemplatePath::root(id).key("Metadata");
                let metadata = resolver.resolve(&declaration.metadata, &at)?.unwrap_or_default();
                let (function, events) = Function::read(location, id, name, &metadata, properties)?;
                self.functions.push(function);
                self.event_source_mappings.extend(events.mappings);
                parts.buckets.events.extend(events.bucket_events);
            }
            "AWS::Lambda::Permission" => parts.buckets.permissions.extend(Permission::read(properties)?),
            "AWS::Lambda::EventSourceMapping" => {
                let function = properties.required_text("FunctionName")?;
                let mapping =
                    EventSourceMapping::read(id.to_owned(), &function, "EventSourceArn", properties)?;
                self.event_source_mappings.push(mapping);
            }
            "AWS::Serverless::Api" => {
                if self.api.is_some() {
                    return Err(TemplateError::unsupported(properties.at(), "a second REST API"));
                }
                self.api = Some(Api::read(location, id, name, properties)?);
            }
            "AWS::ApiGateway::ApiKey" => parts.keys.read_key(name, properties)?,
            "AWS::ApiGateway::UsagePlan" => parts.keys.read_plan(name, properties)?,
            "AWS::ApiGateway::UsagePlanKey" => parts.keys.read_plan_key(properties)?,
            "AWS::IAM::Role" => self.roles.push(Role::read(location, name, properties)?),
            "AWS::CloudWatch::Alarm" => self.alarms.push(alarm::read(id, properties)?),
            "AWS::Logs::MetricFilter" => self.metric_filters.extend(metric_filter::read(properties)?),
            "AWS::Logs::LogGroup" => {
                properties.ignore(ignored::LOG_GROUP);
                properties.finish()?;
            }
            _ => return Err(unsupported_type(kind, &TemplatePath::root(id))),
        }
        Ok(())
    }

    /// Adds the routes of the functions' events to the API. If the API has an OpenAPI body, the body decides,
    /// as on AWS.
    fn route_events(&mut self) -> Result<(), TemplateError> {
        let routes: Vec<_> = self
            .functions
            .iter()
            .flat_map(|function| function.routes.clone())
            .collect();
        if routes.is_empty() {
            return Ok(());
        }
        self.api
            .get_or_insert_with(Api::implicit)
            .add_event_routes(routes)
    }
}

/// The parts of resources that other resources declare. They are attached when all resources are read.
#[derive(Default)]
struct Parts {
    policies: policies::Policies,
    keys: ApiKeyParts,
    buckets: BucketParts,
}

/// The parts of buckets that other resources declare. They are attached when all buckets are read.
#[derive(Default)]
struct BucketParts {
    events: Vec<BucketEvent>,
    permissions: Vec<Permission>,
}

impl BucketParts {
    fn attach(self, buckets: &mut [Bucket]) -> Result<(), TemplateError> {
        // SAM makes the permissions of its own events.
        lambda_permission::check(buckets, &self.permissions)?;
        for event in self.events {
            event.attach(buckets)?;
        }
        Ok(())
    }
}

fn unsupported_type(kind: &str, at: &TemplatePath) -> TemplateError {
    // A function on this machine is the program that was built last.
    let why = match kind {
        "AWS::Lambda::Version" | "AWS::Lambda::Alias" => {
            " (a function has one version here, and no alias of it)"
        }
        _ => "",
    };
    TemplateError::unsupported(at, format!("the resource type `{kind}`{why}"))
}

fn output(
    name: &str,
    node: &crate::node::Node,
    at: &TemplatePath,
    resolver: &Resolver<'_>,
) -> Result<Option<(String, String)>, TemplateError> {
    let crate::node::Node::Map(entries) = node else {
        return Err(TemplateError::invalid(at, "an output is a mapping"));
    };
    let entry = |key: &str| {
        entries
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, node)| node)
    };
    if let Some(crate::node::Node::String(condition)) = entry("Condition")
        && !resolver.condition(condition, at)?
    {
        return Ok(None);
    }
    let value = entry("Value").ok_or_else(|| TemplateError::invalid(at, "`Value` is missing"))?;
    let text = resolver.text(value, &at.key("Value"))?;
    Ok(Some((name.to_owned(), resolver.location.localize_api(&text))))
}
