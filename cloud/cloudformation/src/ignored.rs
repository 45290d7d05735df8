//! Constructs that a template may contain and that have no effect on this machine.
//!
//! The lists are explicit, so that a construct that matters is never ignored by accident.

/// Resource types that are accepted and not created. Their properties are not read.
///
/// A dashboard is shown by the console of AWS. Web ACLs protect a public endpoint, but the local endpoint listens on loopback.
const RESOURCE_TYPES: [&str; 10] = [
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::SSM::Parameter",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
];

/// Returns true if a resource type is accepted and ignored.
pub(crate) fn is_ignored_type(kind: &str) -> bool {
    RESOURCE_TYPES.contains(&kind)
}

/// Properties of a queue without local effect: encryption at rest and tags.
pub(crate) const QUEUE: &[&str] = &[
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "Tags",
];

/// Properties of a bucket without local effect: encryption at rest, expiry, access control lists and tags.
pub(crate) const BUCKET: &[&str] = &[
    "BucketEncryption",
    "LifecycleConfiguration",
    "OwnershipControls",
    "Tags",
];

/// Properties of a topic without local effect.
pub(crate) const TOPIC: &[&str] = &["KmsMasterKeyId", "Tags", "TracingConfig", "SignatureVersion"];

/// Properties of a table without local effect: encryption, backups and deletion protection.
pub(crate) const TABLE: &[&str] = &[
    "ContributorInsightsSpecification",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "TableClass",
    "Tags",
];

/// Properties of a function without local effect. The launcher finds the program, so settings for code and
/// build are not used.
pub(crate) const FUNCTION: &[&str] = &[
    "Architectures",
    "CodeUri",
    "Description",
    "EphemeralStorage",
    "KmsKeyArn",
    "PackageType",
    "RecursiveLoop",
    "Runtime",
    "Tags",
    "Tracing",
];

/// Logging settings of a function without local effect. Lines are stored as the function writes them.
pub(crate) const LOGGING: &[&str] = &["ApplicationLogLevel", "LogFormat"];

/// Properties of an event of type `Api` without local effect. Only a required API key is read of its `Auth`: IAM decides about no
/// caller of a loopback endpoint.
pub(crate) const API_EVENT: &[&str] = &["TimeoutInMillis"];

/// Properties of a REST API without local effect.
pub(crate) const API: &[&str] = &[
    "AccessLogSetting",
    "AlwaysDeploy",
    "Auth",
    "Description",
    "EndpointConfiguration",
    "FailOnWarnings",
    "MinimumCompressionSize",
    "OpenApiVersion",
    "PropagateTags",
    "Tags",
    "TracingEnabled",
];

/// Properties of an API key without local effect.
pub(crate) const API_KEY: &[&str] = &[
    "CustomerId",
    "Description",
    "GenerateDistinctId",
    "Name",
    "StageKeys",
    "Tags",
];

/// Properties of a usage plan without local effect. The template has one API.
pub(crate) const USAGE_PLAN: &[&str] = &["ApiStages", "Description", "Tags", "UsagePlanName"];

/// Settings of a method without local effect: caches, and the metrics and logs of the gateway.
pub(crate) const METHOD_SETTING: &[&str] = &[
    "CacheDataEncrypted",
    "CacheTtlInSeconds",
    "CachingEnabled",
    "DataTraceEnabled",
    "LoggingLevel",
    "MetricsEnabled",
];

/// Properties of a role without local effect.
pub(crate) const ROLE: &[&str] = &["Description", "MaxSessionDuration", "Path", "Tags"];

/// Properties of an alarm without local effect. Its state is shown, and no action follows.
pub(crate) const ALARM: &[&str] = &[
    "ActionsEnabled",
    "AlarmActions",
    "EvaluateLowSampleCountPercentile",
    "InsufficientDataActions",
    "OKActions",
    "Tags",
];

/// Properties of a metric filter without local effect.
pub(crate) const METRIC_FILTER: &[&str] = &["FilterName", "ApplyOnTransformedLogs"];

/// Properties of a metric transformation without local effect.
pub(crate) const METRIC_TRANSFORMATION: &[&str] = &["Unit"];

/// Properties of a log group without local effect. A local log is a file in the data directory.
pub(crate) const LOG_GROUP: &[&str] = &[
    "DataProtectionPolicy",
    "KmsKeyId",
    "LogGroupClass",
    "LogGroupName",
    "RetentionInDays",
    "Tags",
];
