//! The documents by which callers set a bucket's policy, CORS rules and website, and their checks.

use cloud_iam::Policy;
use s3s::dto::{CORSConfiguration, CORSRule, ErrorDocument, IndexDocument, WebsiteConfiguration};
use serde_json::Value;

use crate::bucket;
use crate::cors::{self, CorsRule};
use crate::error::S3Failure;
use crate::website::Website;

/// Reads a bucket policy, which can name this bucket and its objects alone.
pub(crate) fn parse_policy(bucket: &str, text: &str) -> Result<Value, S3Failure> {
    let malformed = |message: String| S3Failure::Malformed("MalformedPolicy", message);
    let document: Value = serde_json::from_str(text)
        .map_err(|_| malformed("Policies must be valid JSON and the first byte must be '{'".to_owned()))?;
    Policy::resource(&document).map_err(|error| malformed(error.to_string()))?;
    let arn = bucket::arn(bucket);
    let is_own = |resource: &Value| {
        let rest = resource.as_str().and_then(|text| text.strip_prefix(&arn));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*']))
    };
    let statements = list(&document["Statement"]);
    let are_own = statements
        .flat_map(|statement| list(&statement["Resource"]))
        .all(is_own);
    if are_own {
        Ok(document)
    } else {
        Err(malformed("Policy has invalid resource".to_owned()))
    }
}

/// The elements of a list, or the one value that stands for a list of one.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    let (many, one) = match value {
        Value::Array(values) => (values.as_slice(), None),
        Value::Null => (&[][..], None),
        one => (&[][..], Some(one)),
    };
    many.iter().chain(one)
}

/// The rules of a request.
pub(crate) fn cors_rules(configuration: CORSConfiguration) -> Result<Vec<CorsRule>, S3Failure> {
    let rules = configuration.cors_rules.into_iter().map(|rule| CorsRule {
        id: rule.id,
        allowed_origins: rule.allowed_origins,
        allowed_methods: rule.allowed_methods,
        allowed_headers: rule.allowed_headers.unwrap_or_default(),
        expose_headers: rule.expose_headers.unwrap_or_default(),
        max_age_seconds: rule.max_age_seconds,
    });
    let rules: Vec<CorsRule> = rules.collect();
    cors::check(&rules)?;
    Ok(rules)
}

/// The rules of an answer.
pub(crate) fn shown_rules(rules: Vec<CorsRule>) -> Vec<CORSRule> {
    let some = |texts: Vec<String>| (!texts.is_empty()).then_some(texts);
    let rules = rules.into_iter().map(|rule| CORSRule {
        id: rule.id,
        allowed_origins: rule.allowed_origins,
        allowed_methods: rule.allowed_methods,
        allowed_headers: some(rule.allowed_headers),
        expose_headers: some(rule.expose_headers),
        max_age_seconds: rule.max_age_seconds,
    });
    rules.collect()
}

/// The website of a request. Redirects of the whole site and routing rules are not served here.
pub(crate) fn website(configuration: WebsiteConfiguration) -> Result<Website, S3Failure> {
    if configuration.redirect_all_requests_to.is_some() || configuration.routing_rules.is_some() {
        return Err(S3Failure::NotImplemented(
            "RedirectAllRequestsTo and RoutingRules",
        ));
    }
    let index = configuration.index_document.map(|index| index.suffix);
    let index = index.ok_or_else(|| {
        let message = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty";
        S3Failure::InvalidArgument(message.to_owned())
    })?;
    Website::new(index, configuration.error_document.map(|error| error.key))
}

/// The website of an answer.
pub(crate) fn shown_website(website: Website) -> (Option<IndexDocument>, Option<ErrorDocument>) {
    let index = IndexDocument {
        suffix: website.index_document,
    };
    let error = website.error_document.map(|key| ErrorDocument { key });
    (Some(index), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_its_own_bucket() {
        let policy = |resource: &str| {
            format!(
                r#"{{"Statement": {{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": {resource}}}}}"#
            )
        };
        for good in [
            r#""arn:aws:s3:::covers/*""#,
            r#"["arn:aws:s3:::covers", "arn:aws:s3:::covers/a"]"#,
            r#""arn:aws:s3:::covers*""#,
        ] {
            assert!(parse_policy("covers", &policy(good)).is_ok(), "{good}");
        }
        for bad in [r#""arn:aws:s3:::covers-2/*""#, r#"["arn:aws:s3:::covers", "*"]"#] {
            let error = parse_policy("covers", &policy(bad)).unwrap_err().to_string();
            assert_eq!(error, "Policy has invalid resource");
        }
        let error = parse_policy("covers", "no policy").unwrap_err().to_string();
        assert!(error.starts_with("Policies must be valid JSON"), "{error}");
    }
}
