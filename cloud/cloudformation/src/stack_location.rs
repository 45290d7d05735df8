//! The account, the region and the endpoints that names and ARNs contain.

/// The account, region and endpoints of a stack. Pseudo parameters and ARNs get their values from it.
#[derive(Clone, Debug)]
pub struct StackLocation {
    /// The region, for example `us-east-1`.
    pub region: String,
    /// The account id: twelve digits.
    pub account_id: String,
    /// The name of the stack.
    pub stack_name: String,
    /// The URL of the AWS endpoint, for example `http://127.0.0.1:4566`, without a slash at its end.
    pub aws_endpoint_url: String,
    /// The URL of the REST API, for example `http://127.0.0.1:8080`, without a slash at its end.
    pub api_url: String,
}

const PARTITION: &str = "aws";
const URL_SUFFIX: &str = "amazonaws.com";

impl StackLocation {
    /// Returns the ARN of a resource in this account and region.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{PARTITION}:{service}:{}:{}:{resource}",
            self.region, self.account_id
        )
    }

    /// Returns the ARN of a role. It contains no region.
    #[must_use]
    pub fn role_arn(&self, name: &str) -> String {
        format!("arn:{PARTITION}:iam::{}:role/{name}", self.account_id)
    }

    /// Returns the URL of a queue.
    #[must_use]
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.aws_endpoint_url, self.account_id)
    }

    /// Returns the id of a REST API. On AWS it is ten letters and digits; here it is the logical id in lower
    /// case.
    #[must_use]
    pub fn api_id(&self, logical_id: &str) -> String {
        logical_id.to_lowercase()
    }

    /// Returns the id of the root resource of a REST API.
    #[must_use]
    pub fn root_resource_id(&self, logical_id: &str) -> String {
        format!("{}root", self.api_id(logical_id))
    }

    /// Replaces the AWS address of an API by the local address, which has no stage in its path.
    #[must_use]
    pub fn localize_api(&self, text: &str) -> String {
        let host_end = format!(".execute-api.{}.{URL_SUFFIX}", self.region);
        let Some((_, rest)) = text
            .split_once(&host_end)
            .filter(|_| text.starts_with("https://"))
        else {
            return text.to_owned();
        };
        let path = rest
            .strip_prefix('/')
            .and_then(|rest| rest.split_once('/'))
            .map_or("", |(_, path)| path);
        if path.is_empty() {
            self.api_url.clone()
        } else {
            format!("{}/{path}", self.api_url)
        }
    }

    pub(crate) fn pseudo_parameter(&self, name: &str) -> Option<String> {
        Some(match name {
            "AWS::AccountId" => self.account_id.clone(),
            "AWS::Partition" => PARTITION.to_owned(),
            "AWS::Region" => self.region.clone(),
            "AWS::StackName" => self.stack_name.clone(),
            "AWS::URLSuffix" => URL_SUFFIX.to_owned(),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::StackLocation;

    #[test]
    fn an_api_url_becomes_the_local_one() {
        let location = StackLocation {
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            stack_name: "orders".to_owned(),
            aws_endpoint_url: "http://127.0.0.1:4566".to_owned(),
            api_url: "http://127.0.0.1:8080".to_owned(),
        };
        let aws = "https://api.execute-api.us-east-1.amazonaws.com";
        assert_eq!(
            location.localize_api(&format!("{aws}/dev")),
            "http://127.0.0.1:8080"
        );
        assert_eq!(
            location.localize_api(&format!("{aws}/dev/orders")),
            "http://127.0.0.1:8080/orders"
        );
        assert_eq!(
            location.localize_api("https://example.com/dev"),
            "https://example.com/dev"
        );
    }
}
