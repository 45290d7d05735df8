//! Tests of whole templates: what they resolve to, and the errors of unsupported and wrong constructs.

use std::collections::BTreeMap;

use cloud_cloudwatch::{Metric, MissingData, Source, Statistic};

use super::{Integration, MockIntegration, Stack, StackLocation, SystemLogLevel, TemplateError};

pub(crate) fn location() -> StackLocation {
    StackLocation {
        region: "us-east-1".to_owned(),
        account_id: "000000000000".to_owned(),
        stack_name: "orders".to_owned(),
        aws_endpoint_url: "http://127.0.0.1:4566".to_owned(),
        api_url: "http://127.0.0.1:8080".to_owned(),
    }
}

fn load(text: &str, overrides: &[(&str, &str)]) -> Result<Stack, TemplateError> {
    let overrides = overrides
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Stack::load(text, &overrides, &location())
}

fn load_error(text: &str) -> String {
    load(text, &[]).unwrap_err().to_string()
}

const SMALL: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Prefix: {Type: String, Default: ""}
  Size: {Type: Number, Default: 5, MinValue: 1, MaxValue: 10}
  Mode: {Type: String, Default: NONE, AllowedValues: [NONE, IAM]}
Conditions:
  Open: !Equals [!Ref Mode, NONE]
  Closed: !Not [!Condition Open]
Globals:
  Function:
    Runtime: provided.al2023
    Handler: bootstrap
    Timeout: 7
    Environment: {Variables: {RUST_LOG: info}}
Resources:
  Work:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub "${Prefix}work"
      VisibilityTimeout: 60
      KmsMasterKeyId: !If [Closed, key, !Ref AWS::NoValue]
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: !Ref Size}
  Dead: {Type: AWS::SQS::Queue}
  Sealed: {Type: AWS::SQS::Queue, Condition: Closed}
  WorkPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties: {Queues: [!Ref Work], PolicyDocument: {Statement: []}}
  WorkerFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Environment: {Variables: {QUEUE: !Ref Work}}
      Events:
        Get: {Type: Api, Properties: {Path: "/work/{id}", Method: get}}
        Work:
          Type: SQS
          Properties: {Queue: !GetAtt Work.Arn, FunctionResponseTypes: [ReportBatchItemFailures]}
  Board: {Type: AWS::CloudWatch::Dashboard, Properties: {X: !GetAZs us}}
Outputs:
  Where: {Value: !Join ["/", [!Ref AWS::Region, !GetAtt Work.QueueName, !Select [1, [a, b]]]]}
  Never: {Condition: Closed, Value: !Ref Sealed}
"#;

#[test]
fn a_stack_resolves() {
    let stack = load(SMALL, &[("Prefix", "x-")]).unwrap();
    assert_eq!(stack.queues.len(), 2);
    assert_eq!(stack.queues[0].name, "x-work");
    assert_eq!(stack.queues[0].dead_letter_queue.as_deref(), Some("Dead"));
    assert_eq!(
        stack.queues[0].attributes["RedrivePolicy"],
        r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:Dead","maxReceiveCount":5}"#
    );
    assert_eq!(stack.queues[0].attributes["Policy"], r#"{"Statement":[]}"#);
    let function = &stack.functions[0];
    assert_eq!(
        (function.name.as_str(), function.binary.as_str()),
        ("WorkerFunction", "worker")
    );
    assert_eq!(function.timeout.as_secs(), 7);
    assert_eq!(function.environment["RUST_LOG"], "info");
    assert_eq!(
        function.environment["QUEUE"],
        "http://127.0.0.1:4566/000000000000/x-work"
    );
    assert_eq!(stack.api.unwrap().routes[0].method, "GET");
    assert!(stack.event_source_mappings[0].report_batch_item_failures);
    assert_eq!(
        stack.outputs,
        BTreeMap::from([("Where".to_owned(), "us-east-1/x-work/b".to_owned())])
    );
}

#[test]
fn parameter_names_are_read_without_values() {
    let names = super::parameter_names(SMALL).unwrap();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["Mode", "Prefix", "Size"]);
}

#[test]
fn a_condition_decides_what_is_created() {
    assert_eq!(load(SMALL, &[("Mode", "IAM")]).unwrap().queues.len(), 3);
}

#[test]
fn parameter_values_must_follow_the_rules_of_the_template() {
    let refuse = |name, value| load(SMALL, &[(name, value)]).unwrap_err().to_string();
    insta::assert_snapshot!(refuse("Sise", "1"), @"the template has no parameter `Sise`");
    insta::assert_snapshot!(refuse("Mode", "KEY"), @"parameter `Mode` cannot be `KEY`: allowed are NONE, IAM");
    insta::assert_snapshot!(refuse("Size", "11"), @"parameter `Size` cannot be `11`: it must be at most 10");
    insta::assert_snapshot!(refuse("Size", "ten"), @"parameter `Size` cannot be `ten`: a number is expected");
    insta::assert_snapshot!(refuse("Size", "inf"), @"parameter `Size` cannot be `inf`: a number is expected");
    insta::assert_snapshot!(load_error("{Parameters: {P: {Type: String}}, Resources: {}}"),
        @"parameter `P` has no default and was given no value");
}

#[test]
fn a_pattern_matches_whole_values_and_has_a_description() {
    let refuse = |declaration: &str, value: &str| {
        let template = format!("{{Parameters: {{P: {{{declaration}}}}}, Resources: {{}}}}");
        match load(&template, &[("P", value)]) {
            Ok(_) => "taken".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    let origins = "Type: String, AllowedPattern: '^$|^https?://[a-z.]+(,https?://[a-z.]+)*$'";
    assert_eq!(refuse(origins, ""), "taken");
    assert_eq!(refuse(origins, "https://a.example,http://b.example"), "taken");
    insta::assert_snapshot!(refuse(origins, "https://a.example/"),
        @"parameter `P` cannot be `https://a.example/`: it must match the pattern ^$|^https?://[a-z.]+(,https?://[a-z.]+)*$");
    let described = "Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: lowercase letters only";
    insta::assert_snapshot!(refuse(described, "ab1"), @"parameter `P` cannot be `ab1`: lowercase letters only");
    let list = "Type: CommaDelimitedList, AllowedPattern: '[a-z]+', MaxLength: 2";
    assert_eq!(refuse(list, "ab, c"), "taken");
    insta::assert_snapshot!(refuse(list, "ab,C"), @"parameter `P` cannot be `ab,C`: it must match the pattern [a-z]+");
    insta::assert_snapshot!(refuse(list, "ab,cde"), @"parameter `P` cannot be `ab,cde`: it must have at most 2 characters");
    insta::assert_snapshot!(refuse("Type: String, MinLength: 3", "ab"),
        @"parameter `P` cannot be `ab`: it must have at least 3 characters");
    insta::assert_snapshot!(refuse("Type: String, AllowedPattern: '(?=x)'", "x").split(" (").next().unwrap(),
        @"Parameters.P.AllowedPattern: the pattern `(?=x)`");
}

#[test]
fn the_answers_and_the_limits_of_the_gateway_are_read() {
    let api = |properties: &str| {
        format!(
            "Resources: {{Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: dev, {properties}}}}}}}"
        )
    };
    let declared = "GatewayResponses: {THROTTLED: {StatusCode: '429', ResponseParameters: {Headers: {Retry-After: \"'1'\"}}, \
                    ResponseTemplates: {application/json: '{}'}}}, \
                    MethodSettings: [{ResourcePath: '/*', HttpMethod: '*', ThrottlingRateLimit: 1.5, ThrottlingBurstLimit: '7'}, \
                    {ResourcePath: /~1orders~1batch, HttpMethod: post, DataTraceEnabled: false}, \
                    {ResourcePath: /~1orders, HttpMethod: POST, ThrottlingRateLimit: 2, ThrottlingBurstLimit: 3}]";
    let api_of = load(&api(declared), &[]).unwrap().api.unwrap();
    assert_eq!(
        api_of.gateway_responses,
        [super::GatewayResponse {
            kind: "THROTTLED".to_owned(),
            status: Some(429),
            headers: vec![("Retry-After".to_owned(), "1".to_owned())],
            template: Some("{}".to_owned()),
        }]
    );
    let throttle = |resource: &str, method: &str, rate, burst| super::MethodThrottle {
        resource: resource.to_owned(),
        method: method.to_owned(),
        rate,
        burst,
    };
    assert_eq!(
        api_of.throttles,
        [throttle("*", "*", 1.5, 7), throttle("/orders", "POST", 2.0, 3)]
    );
    insta::assert_snapshot!(
        load_error(&api("GatewayResponses: {X: {ResponseParameters: {Headers: {A: method.request.header.B}}}}")),
        @"Api.Properties.GatewayResponses.X.ResponseParameters.Headers.A: a header value that is not a fixed text in single quotes is not supported by local-cloud");
    insta::assert_snapshot!(load_error(&api("GatewayResponses: {X: {StatusCode: 20}}")),
        @"Api.Properties.GatewayResponses.X.StatusCode: a status from 200 to 599 is expected");
}

#[test]
fn api_keys_are_those_of_a_usage_plan() {
    let stack = load(
        "Resources:
  Key: {Type: AWS::ApiGateway::ApiKey, Properties: {Enabled: true, Value: a-secret-of-20-letters}}
  Off: {Type: AWS::ApiGateway::ApiKey, Properties: {Enabled: false}}
  Alone: {Type: AWS::ApiGateway::ApiKey, Properties: {Enabled: true}}
  Plan: {Type: AWS::ApiGateway::UsagePlan, Properties: {Throttle: {RateLimit: 1.5, BurstLimit: 3}, Quota: {Limit: 100, Period: DAY}}}
  PlanKey: {Type: AWS::ApiGateway::UsagePlanKey, Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}}
  PlanOff: {Type: AWS::ApiGateway::UsagePlanKey, Properties: {KeyId: !Ref Off, KeyType: API_KEY, UsagePlanId: !Ref Plan}}",
        &[],
    );
    assert_eq!(
        stack.unwrap().api_keys,
        [super::ApiKey {
            id: "Key".to_owned(),
            value: Some("a-secret-of-20-letters".to_owned()),
            plan: super::UsagePlan {
                throttle: Some((1.5, 3)),
                daily_quota: Some(100),
            },
        }]
    );
    insta::assert_snapshot!(
        load_error("Resources: {P: {Type: AWS::ApiGateway::UsagePlan, Properties: {Quota: {Limit: 1, Period: WEEK}}}}"),
        @"P.Properties.Quota: a quota of another period than DAY is not supported by local-cloud");
}

#[test]
fn a_route_requires_a_key_if_its_security_names_the_scheme() {
    let operation = |security: &str| {
        format!(
            "{{security: {security}, x-amazon-apigateway-integration: {{type: aws_proxy, uri: 'arn:x/functions/arn:f/invocations'}}}}"
        )
    };
    let stack = load(
        &format!(
            "Resources: {{Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: dev, DefinitionBody: {{\
             components: {{securitySchemes: {{sigv4: {{type: apiKey, name: Authorization, in: header}}, \
             key: {{type: apiKey, name: x-api-key, in: header}}}}}}, \
             paths: {{/a: {{get: {}, put: {}, post: {}}}}}}}}}}}}}",
            operation("[{key: []}]"),
            operation("[{sigv4: []}]"),
            operation("[]"),
        ),
        &[],
    );
    let routes = stack.unwrap().api.unwrap().routes;
    let mut requires: Vec<_> = routes
        .iter()
        .map(|route| (route.method.as_str(), route.requires_api_key))
        .collect();
    requires.sort_unstable();
    assert_eq!(requires, [("GET", true), ("POST", false), ("PUT", false)]);
}

#[test]
fn errors_name_an_unsupported_construct_and_its_position() {
    insta::assert_snapshot!(load_error("Resources: {Bus: {Type: AWS::Events::EventBus}}"),
        @"Bus: the resource type `AWS::Events::EventBus` is not supported by local-cloud");
    insta::assert_snapshot!(load_error("Resources: {Q: {Type: AWS::SQS::Queue, Properties: {Colour: red}}}"),
        @"Q.Properties: the property `Colour` is not supported by local-cloud");
    insta::assert_snapshot!(load_error("Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Base64 x}}}"),
        @"Q.Properties.QueueName: the tag `!Base64` is not supported by local-cloud");
    insta::assert_snapshot!(load_error("Resources: {Q: {Type: AWS::SQS::Queue, CreationPolicy: {}}}"),
        @"Q: the resource attribute `CreationPolicy` is not supported by local-cloud");
    insta::assert_snapshot!(load_error("{Mappings: {}, Resources: {}}"),
        @"Template: the section `Mappings` is not supported by local-cloud");
    insta::assert_snapshot!(
        load_error("Resources: {F: {Type: AWS::Serverless::Function, Properties: {Events: {E: {Type: SQS, Properties: \
                 {Queue: 'arn:aws:sqs:r:a:q', FilterCriteria: {}}}}}}}"),
        @"F.Properties.Events.E.Properties: the property `FilterCriteria` is not supported by local-cloud");
}

#[test]
fn errors_name_a_wrong_value_and_its_position() {
    insta::assert_snapshot!(load_error("Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Nothing}}}"),
        @"Q.Properties.QueueName: there is no parameter or resource `Nothing`");
    insta::assert_snapshot!(load_error("Resources: {Q: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: soon}}}"),
        @"Q.Properties.VisibilityTimeout: a whole number is expected");
    insta::assert_snapshot!(
        load_error("Resources: {A: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt B.QueueName}}, \
                 B: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt A.QueueName}}}"),
        @"B.Properties.QueueName: `B` refers to itself");
    insta::assert_snapshot!(
        load_error("{Conditions: {No: !Equals [a, b]}, Resources: {Q: {Type: AWS::SQS::Queue, Condition: No}}, \
                 Outputs: {O: {Value: !Ref Q}}}"),
        @"Outputs.O.Value: `Q` is not created, because condition `No` is false");
    insta::assert_snapshot!(
        load_error("Resources: {M: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: f, \
                 EventSourceArn: 'arn:aws:sqs:r:a:q', BatchSize: 11}}}"),
        @"M.Properties.BatchSize: over 10 it needs a MaximumBatchingWindowInSeconds of 1 or more");
}

#[test]
fn a_definition_body_decides_the_routes() {
    let template = |event_path: &str| {
        format!(
            "
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      DefinitionBody:
        openapi: 3.0.1
        paths:
          /x/{{id}}:
            parameters: []
            x-amazon-apigateway-any-method:
              x-amazon-apigateway-integration:
                type: aws_proxy
                uri: !Sub 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${{F.Arn}}/invocations'
  F:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: f
      Events: {{E: {{Type: Api, Properties: {{RestApiId: !Ref Api, Path: '{event_path}', Method: ANY}}}}}}
"
        )
    };
    let api = load(&template("/x/{id}"), &[]).unwrap().api.unwrap();
    assert_eq!(api.routes.len(), 1);
    assert_eq!(
        (api.routes[0].method.as_str(), &api.routes[0].integration),
        ("ANY", &Integration::Function("f".to_owned()))
    );
    insta::assert_snapshot!(load_error(&template("/y")),
        @"f.Events: `ANY /y` is not in the API's DefinitionBody, so that it would not be served");
}

#[test]
fn a_mock_integration_is_read_as_the_gateways_own_answer() {
    let of = |behavior: &str, request: &str, header: &str| {
        format!(
            "
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      DefinitionBody:
        paths:
          /x:
            options:
              x-amazon-apigateway-integration:
                type: mock
                passthroughBehavior: {behavior}
                requestTemplates: {{application/json: '{request}'}}
                responses:
                  default:
                    statusCode: '204'
                    responseParameters: {{{header}}}
                    responseTemplates: {{application/json: body}}
"
        )
    };
    let (request, header) = (
        r#"{"statusCode": 204}"#,
        r#"method.response.header.Allow: "'GET'""#,
    );
    let api = load(&of("never", request, header), &[]).unwrap().api.unwrap();
    let mock = MockIntegration {
        status: 204,
        headers: vec![("Allow".to_owned(), "GET".to_owned())],
        template: "body".to_owned(),
    };
    assert_eq!(api.routes[0].integration, Integration::Mock(mock));
    for (template, part) in [
        (of("when_no_match", request, header), "passthroughBehavior"),
        (of("never", "{}", header), "statusCode"),
        (
            of("never", request, "method.response.header.Allow: context.x"),
            "fixed text",
        ),
    ] {
        let error = load_error(&template);
        assert!(error.contains(part), "{error}");
    }
}

/// Unlike a queue's, a subscription's redrive policy has no `maxReceiveCount`. A deployment on AWS fails.
#[test]
fn an_unknown_key_in_a_subscriptions_redrive_policy_is_refused_by_name() {
    let of = |policy: &str| {
        format!(
            "Resources:\n  T: {{Type: AWS::SNS::Topic}}\n  Dead: {{Type: AWS::SQS::Queue}}\n  S:\n    Type: AWS::SNS::Subscription\n    \
             Properties: {{TopicArn: !Ref T, Protocol: sqs, Endpoint: !GetAtt Dead.Arn, RedrivePolicy: {policy}}}\n"
        )
    };
    load(&of("{deadLetterTargetArn: !GetAtt Dead.Arn}"), &[]).unwrap();
    let error = load_error(&of("{deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}"));
    assert!(
        error.contains("RedrivePolicy") && error.contains("`maxReceiveCount`"),
        "{error}"
    );
    let error = load_error(&of("{}"));
    assert!(error.contains("`deadLetterTargetArn` is missing"), "{error}");
}

/// An alarm with these properties beside what every alarm has.
fn alarm(properties: &str) -> String {
    format!(
        "Resources: {{A: {{Type: AWS::CloudWatch::Alarm, Properties: {{EvaluationPeriods: 2, Threshold: 1.5, \
         ComparisonOperator: GreaterThanThreshold, {properties}}}}}}}"
    )
}

const METRIC: &str = "Namespace: N, MetricName: M, Statistic: Sum";

#[test]
fn an_alarm_over_one_metric_is_read() {
    let stack = load(
        &alarm(&format!(
            "{METRIC}, Period: 120, DatapointsToAlarm: 1, Dimensions: [{{Name: D, Value: V}}], OKActions: [x]"
        )),
        &[],
    )
    .unwrap();
    let alarm = &stack.alarms[0];
    assert_eq!(
        (
            alarm.name.as_str(),
            alarm.period_minutes,
            alarm.threshold.to_string().as_str()
        ),
        ("A", 2, "1.5")
    );
    assert_eq!((alarm.evaluation_periods, alarm.datapoints_to_alarm), (2, 1));
    assert_eq!(alarm.missing, MissingData::Missing);
    let metric = Metric::new("N", "M", &[("D", "V")]);
    assert_eq!(alarm.queries[0].source, Source::Metric(metric, Statistic::Sum));
}

#[test]
fn an_expression_may_stand_above_its_metrics() {
    let stat = |id: &str| {
        format!(
            "{{Id: {id}, ReturnData: false, MetricStat: {{Period: 60, Stat: p99, Metric: {{Namespace: N, MetricName: M}}}}}}"
        )
    };
    let template = alarm(&format!(
        "Metrics: [{{Id: e, Expression: a / b}}, {}, {}]",
        stat("a"),
        stat("b")
    ));
    let alarm = load(&template, &[]).unwrap().alarms.remove(0);
    let ids: Vec<_> = alarm
        .queries
        .iter()
        .map(|query| (query.id.as_str(), query.returns_data))
        .collect();
    assert_eq!(ids, [("a", false), ("b", false), ("e", true)]);
}

#[test]
fn an_alarm_that_cannot_be_evaluated_here_is_refused() {
    insta::assert_snapshot!(load_error(&alarm(&format!("{METRIC}, Period: 10"))), @"A.Properties: a period of 10 seconds is not supported by local-cloud");
    insta::assert_snapshot!(load_error(&alarm(&format!("{METRIC}, Period: 60, DatapointsToAlarm: 3"))), @"A.Properties: DatapointsToAlarm has to be between 1 and EvaluationPeriods");
    insta::assert_snapshot!(load_error(&alarm(&format!("{METRIC}, Period: 86400"))), @"A.Properties: the alarm looks back for more than a day");
    insta::assert_snapshot!(load_error(&alarm("Namespace: N, MetricName: M, Statistic: tm99, Period: 60")), @"A.Properties: the statistic `tm99` is not supported by local-cloud");
    insta::assert_snapshot!(load_error(&alarm("Metrics: [{Id: e, Expression: m1 + 1}]")), @"A.Properties: the expression `e` uses `m1`, which is no query above it");
    insta::assert_snapshot!(load_error(&alarm("Metrics: [{Id: e, Expression: SEARCH(x)}]")), @"A.Properties.Metrics[0]: the expression `SEARCH(x)`: the function `SEARCH` is not supported is not supported by local-cloud");
    insta::assert_snapshot!(load_error(&alarm(&format!("{METRIC}, Period: 60, ThresholdMetricId: e"))), @"A.Properties: the property `ThresholdMetricId` is not supported by local-cloud");
}

#[test]
fn a_metric_filter_is_read_or_refused() {
    let filter = |pattern: &str| {
        format!(
            "Resources: {{F: {{Type: AWS::Logs::MetricFilter, Properties: {{LogGroupName: g, FilterPattern: '{pattern}', \
             MetricTransformations: [{{MetricNamespace: N, MetricName: M, MetricValue: $.count}}]}}}}}}"
        )
    };
    let filters = load(&filter("{ $.count > 0 }"), &[]).unwrap().metric_filters;
    assert_eq!((filters.len(), filters[0].log_group.as_str()), (1, "g"));
    insta::assert_snapshot!(load_error(&filter("ERROR")), @"F.Properties: the filter pattern `ERROR` is not supported by local-cloud");
}

#[test]
fn the_level_of_lambdas_own_lines_is_read_or_refused() {
    let load_with = |logging: &str| {
        let function =
            format!("F: {{Type: AWS::Serverless::Function, Properties: {{LoggingConfig: {{{logging}}}}}}}");
        load(
            &format!("Transform: AWS::Serverless-2016-10-31\nResources: {{{function}}}"),
            &[],
        )
    };
    for (logging, expected) in [
        ("LogFormat: JSON", SystemLogLevel::Info),
        ("SystemLogLevel: DEBUG", SystemLogLevel::Debug),
        ("SystemLogLevel: WARN", SystemLogLevel::Warn),
    ] {
        let stack = load_with(logging).unwrap();
        assert_eq!(stack.functions[0].system_log_level, expected, "{logging}");
    }
    let refused = load_with("SystemLogLevel: ERROR").unwrap_err().to_string();
    assert!(refused.contains("DEBUG, INFO or WARN is expected"), "{refused}");
}

#[test]
fn rules_refuse_parameters_that_cannot_be_combined() {
    let text = SMALL.replace(
        "Conditions:\n",
        "Rules:\n  SmallIfOpen:\n    RuleCondition: !Equals [!Ref Mode, NONE]\n    Assertions:\n      \
         - {Assert: {Fn::Contains: [['4', '5'], !Ref Size]}, AssertDescription: An open queue is small.}\n\
         Conditions:\n",
    );
    assert!(load(&text, &[]).is_ok());
    assert!(load(&text, &[("Size", "6"), ("Mode", "IAM")]).is_ok());
    let error = load(&text, &[("Size", "6")]).unwrap_err().to_string();
    assert_eq!(
        error,
        "Rules.SmallIfOpen refuses these parameters: An open queue is small."
    );
    let unknown = text.replace("RuleCondition", "When");
    assert!(
        load(&unknown, &[])
            .unwrap_err()
            .to_string()
            .contains("the attribute `When`")
    );
}

#[test]
fn an_alias_by_parameter_is_ignored_while_it_is_off_and_refused_otherwise() {
    let text = SMALL.replace(
        "  Dead: {Type: AWS::SQS::Queue}\n",
        r#"  Dead: {Type: AWS::SQS::Queue}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !If [Closed, !Ref Live, !Ref WorkerFunction], EventSourceArn: !GetAtt Dead.Arn}
  Live:
    Type: AWS::Lambda::Alias
    Condition: Closed
    UpdatePolicy: {CodeDeployLambdaAliasUpdate: {ApplicationName: !Ref Canary, DeploymentGroupName: group}}
    Properties: {Name: live, FunctionName: !Ref WorkerFunction, FunctionVersion: "1"}
"#,
    );
    let stack = load(&text, &[]).unwrap();
    let mapping = stack
        .event_source_mappings
        .iter()
        .find(|mapping| mapping.id == "Mapping");
    assert_eq!(mapping.unwrap().function_name, stack.functions[0].name);
    let error = load(&text, &[("Mode", "IAM")]).unwrap_err().to_string();
    insta::assert_snapshot!(error, @"Live: the resource type `AWS::Lambda::Alias` (a function has one version here, and no alias of it) is not supported by local-cloud");
}

#[test]
fn buckets_have_their_policies() {
    let template = r#"
Resources:
  Covers:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: covers
      PublicAccessBlockConfiguration: {BlockPublicAcls: true, IgnorePublicAcls: true}
      BucketEncryption: {ServerSideEncryptionConfiguration: []}
  Uploads:
    Type: AWS::S3::Bucket
  CoversPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Covers
      PolicyDocument:
        Statement: {Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: !Sub "${Covers.Arn}/*"}
"#;
    let stack = load(template, &[]).unwrap();
    let [covers, uploads] = stack.buckets.as_slice() else {
        panic!("{:?}", stack.buckets);
    };
    assert_eq!(
        (covers.name.as_str(), covers.allows_public_policy),
        ("covers", true)
    );
    let resource = &covers.policy.as_ref().unwrap()["Statement"]["Resource"];
    assert_eq!(resource, "arn:aws:s3:::covers/*");
    let name = format!("{}-uploads", location().stack_name);
    assert_eq!((&uploads.name, uploads.allows_public_policy), (&name, false));
    assert_eq!(uploads.policy, None);
    let versioned = template.replace("BucketName: covers", "VersioningConfiguration: {Status: Enabled}");
    let error = load_error(&versioned);
    assert!(error.contains("`VersioningConfiguration`"), "{error}");
    let lost = template.replace("Bucket: !Ref Covers", "Bucket: other");
    assert!(load_error(&lost).contains("there is no bucket `other`"));
}

#[test]
fn buckets_have_cors_rules_and_a_website() {
    let template = r#"
Resources:
  Pages:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: pages
      CorsConfiguration:
        CorsRules:
          - {Id: forms, AllowedMethods: [POST], AllowedOrigins: ["https://shop.example"], AllowedHeaders: ["*"], MaxAge: 600}
          - {AllowedMethods: [GET], AllowedOrigins: ["*"], ExposedHeaders: [ETag]}
      WebsiteConfiguration: {IndexDocument: index.html, ErrorDocument: error.html}
"#;
    let stack = load(template, &[]).unwrap();
    let [forms, reads] = stack.buckets[0].cors.as_slice() else {
        panic!("{:?}", stack.buckets);
    };
    assert_eq!(
        (forms.id.as_deref(), forms.max_age, &forms.allowed_methods[..]),
        (Some("forms"), Some(600), &["POST".to_owned()][..])
    );
    assert_eq!(
        (&forms.allowed_origins[..], &forms.allowed_headers[..]),
        (&["https://shop.example".to_owned()][..], &["*".to_owned()][..])
    );
    assert_eq!(
        (&reads.exposed_headers[..], reads.max_age),
        (&["ETag".to_owned()][..], None)
    );
    let website = stack.buckets[0].website.as_ref().unwrap();
    assert_eq!(
        (website.index_document.as_str(), website.error_document.as_deref()),
        ("index.html", Some("error.html"))
    );
    let rules = template.replace("ErrorDocument: error.html", "RoutingRules: []");
    assert!(load_error(&rules).contains("`RoutingRules`"));
}

/// The form of SAM needs no permission, because SAM makes it. The form of CloudFormation does.
#[test]
fn buckets_notify_functions() {
    let template = r#"
Resources:
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: uploads
      NotificationConfiguration:
        LambdaConfigurations:
          - Event: s3:ObjectCreated:Put
            Function: !GetAtt ResizerFunction.Arn
            Filter: {S3Key: {Rules: [{Name: prefix, Value: up/}, {Name: suffix, Value: .jpg}]}}
  ResizerFunction:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: resizer
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        MaximumEventAgeInSeconds: 600
        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failed.Arn}}
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Dead.Arn}
      Events:
        Uploaded: {Type: S3, Properties: {Bucket: !Ref Uploads, Events: "s3:ObjectCreated:*"}}
  Failed: {Type: AWS::SQS::Queue, Properties: {QueueName: failed}}
  Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}
  MayNotify:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref ResizerFunction
      Principal: s3.amazonaws.com
      SourceAccount: !Ref AWS::AccountId
      SourceArn: arn:aws:s3:::uploads
"#;
    let stack = load(template, &[]).unwrap();
    let asynchronous = &stack.functions[0].asynchronous;
    assert_eq!(
        (asynchronous.max_retries, asynchronous.max_age.as_secs()),
        (1, 600)
    );
    assert_eq!(asynchronous.on_failure.as_deref(), Some("failed"));
    assert_eq!(asynchronous.dead_letter_queue.as_deref(), Some("dead"));
    let [own, sams] = stack.buckets[0].notifications.as_slice() else {
        panic!("{:?}", stack.buckets);
    };
    assert_eq!(
        (own.function_name.as_str(), own.prefix.as_str()),
        ("resizer", "up/")
    );
    assert_eq!(
        (own.suffix.as_str(), own.events.as_slice()),
        (".jpg", &["s3:ObjectCreated:Put".to_owned()][..])
    );
    assert_eq!(
        (sams.id.as_str(), sams.prefix.as_str()),
        ("ResizerFunctionUploaded", "")
    );
    assert_eq!(sams.events, ["s3:ObjectCreated:*"]);

    for (right, wrong, expected) in [
        ("Principal: s3.", "Principal: sns.", "S3 may not invoke resizer"),
        (
            "SourceArn: arn:aws:s3:::uploads",
            "SourceArn: arn:aws:s3:::other",
            "S3 may not invoke resizer",
        ),
        (
            "s3:ObjectCreated:Put",
            "s3:ObjectRemoved:*",
            "the event `s3:ObjectRemoved:*`",
        ),
        (
            "Bucket: !Ref Uploads",
            "Bucket: other",
            "there is no bucket `other`",
        ),
        (
            "Destination: !GetAtt Failed.Arn",
            "Destination: arn:aws:sns:us-east-1:1:t",
            "other than a queue",
        ),
        (
            "LambdaConfigurations:",
            "TopicConfigurations:",
            "`TopicConfigurations`",
        ),
    ] {
        let error = load_error(&template.replace(right, wrong));
        assert!(error.contains(expected), "{error}");
    }
}
