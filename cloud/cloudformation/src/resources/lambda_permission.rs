//! `AWS::Lambda::Permission`: whether S3 may invoke a function.

use super::{bucket::Bucket, name_of};
use crate::error::TemplateError;
use crate::properties::Properties;

/// The permission of S3 to invoke a function, from an `AWS::Lambda::Permission`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permission {
    function_name: String,
    /// The ARN of the only bucket that may. `None` lets every bucket of the account.
    source_arn: Option<String>,
}

impl Permission {
    /// Reads an `AWS::Lambda::Permission`. Returns `None` for one that does not let S3 in: routes and mappings need none here.
    pub(crate) fn read(mut properties: Properties) -> Result<Option<Self>, TemplateError> {
        let function = properties.required_text("FunctionName")?;
        let principal = properties.required_text("Principal")?;
        let action = properties.required_text("Action")?;
        let source_arn = properties.text("SourceArn")?;
        properties.ignore(&["SourceAccount", "FunctionUrlAuthType", "InvokedViaFunctionUrl"]);
        properties.finish()?;
        let invokes = ["lambda:InvokeFunction", "lambda:*"].contains(&action.as_str());
        Ok((principal == "s3.amazonaws.com" && invokes).then(|| Self {
            function_name: name_of(&function).to_owned(),
            source_arn,
        }))
    }

    fn covers(&self, bucket: &str, function: &str) -> bool {
        let arn = format!("arn:aws:s3:::{bucket}");
        self.function_name == function && self.source_arn.as_ref().is_none_or(|source| *source == arn)
    }
}

/// Checks that S3 may invoke the functions of a bucket's own configuration. AWS refuses the bucket otherwise: "Unable to validate
/// the following destination configurations".
pub(crate) fn check(buckets: &[Bucket], permissions: &[Permission]) -> Result<(), TemplateError> {
    for bucket in buckets {
        for notification in &bucket.notifications {
            let function = &notification.function_name;
            if !permissions
                .iter()
                .any(|permission| permission.covers(&bucket.name, function))
            {
                return Err(TemplateError::invalid(
                    &bucket.at.key("NotificationConfiguration"),
                    format!("S3 may not invoke {function}: an AWS::Lambda::Permission has to allow it"),
                ));
            }
        }
    }
    Ok(())
}
