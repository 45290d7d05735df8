//! The account, region and endpoints that names and ARNs are made of.

/// Where a stack stands: what CloudFormation's pseudo parameters and a resource's ARN say.
#[derive(Clone, Debug)]
pub struct StackLocation {
    /// Such as `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub account_id: String,
    /// The stack's name.
    pub stack_name: String,
    /// The endpoint that answers AWS calls, such as `http://127.0.0.1:4566`, without a slash at its end.
    pub aws_endpoint_url: String,
    /// The REST API's own address, such as `http://127.0.0.1:8080`, without a slash at its end.
    pub api_url: String,
}

const PARTITION: &str = "aws";
const URL_SUFFIX: &str = "amazonaws.com";

impl StackLocation {
    /// The ARN of a resource of this account and region.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{PARTITION}:{service}:{}:{}:{resource}",
            self.region, self.account_id
        )
    }

    /// The ARN of a role; IAM has no region.
    #[must_use]
    pub fn role_arn(&self, name: &str) -> String {
        format!("arn:{PARTITION}:iam::{}:role/{name}", self.account_id)
    }

    /// The URL of a queue.
    #[must_use]
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.aws_endpoint_url, self.account_id)
    }

    /// The id of a REST API: on AWS ten letters and digits, here its logical id in lower case.
    #[must_use]
    pub fn api_id(&self, logical_id: &str) -> String {
        logical_id.to_lowercase()
    }

    /// The id of a REST API's root resource.
    #[must_use]
    pub fn root_resource_id(&self, logical_id: &str) -> String {
        format!("{}root", self.api_id(logical_id))
    }

    /// Replaces the address under which AWS would serve an API by the local one, which has no stage in its path.
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
