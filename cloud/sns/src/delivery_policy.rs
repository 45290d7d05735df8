//! Delivery policies: how deliveries to HTTP and HTTPS endpoints are repeated.
//!
//! Source: SNS Developer Guide, "Amazon SNS message delivery retries"; the forms that are read back were recorded on AWS.

use serde::{Deserialize, Serialize};

/// Maximum delay, in seconds.
const MAX_DELAY: u32 = 3600;
/// Maximum number of retries.
const MAX_RETRIES: u32 = 100;
const DEFAULT_DELAY: u32 = 20;
const DEFAULT_RETRIES: u32 = 3;
/// The content type of a delivery whose policy has none.
pub(crate) const DEFAULT_CONTENT_TYPE: &str = "text/plain; charset=UTF-8";

/// How the delays between the retries of the backoff phase grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Backoff {
    Arithmetic,
    Exponential,
    Geometric,
    #[default]
    Linear,
}

/// The retries as they are set. A missing field has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RetryPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    min_delay_target: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_delay_target: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_max_delay_retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_no_delay_retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_min_delay_retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backoff_function: Option<Backoff>,
}

/// The retries that are in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RetrySchedule {
    /// In seconds, as all delays.
    pub(super) min_delay_target: u32,
    pub(super) max_delay_target: u32,
    /// The number of all retries, of every phase.
    pub(super) num_retries: u32,
    pub(super) num_max_delay_retries: u32,
    pub(super) num_no_delay_retries: u32,
    pub(super) num_min_delay_retries: u32,
    pub(super) backoff_function: Backoff,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ThrottlePolicy {
    max_receives_per_second: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RequestPolicy {
    header_content_type: String,
}

/// The delivery policy of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopicPolicy {
    #[serde(default)]
    http: HttpPolicy,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HttpPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    default_healthy_retry_policy: Option<RetryPolicy>,
    #[serde(default)]
    disable_subscription_overrides: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_throttle_policy: Option<ThrottlePolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_request_policy: Option<RequestPolicy>,
}

/// The delivery policy of a subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SubscriptionPolicy {
    healthy_retry_policy: Option<RetryPolicy>,
    /// Always null: AWS has the field from earlier times.
    sickly_retry_policy: Option<()>,
    throttle_policy: Option<ThrottlePolicy>,
    request_policy: Option<RequestPolicy>,
    #[serde(default)]
    guaranteed: bool,
}

/// The delivery policy that is in force for a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EffectivePolicy {
    healthy_retry_policy: RetrySchedule,
    sickly_retry_policy: Option<()>,
    throttle_policy: Option<ThrottlePolicy>,
    request_policy: RequestPolicy,
    guaranteed: bool,
}

impl RetryPolicy {
    fn resolve(&self) -> RetrySchedule {
        // One given bound is also the other one, unless the default lies on its right side.
        let min = self
            .min_delay_target
            .unwrap_or_else(|| self.max_delay_target.unwrap_or(DEFAULT_DELAY).min(DEFAULT_DELAY));
        RetrySchedule {
            min_delay_target: min,
            max_delay_target: self.max_delay_target.unwrap_or(DEFAULT_DELAY.max(min)),
            num_retries: self.num_retries.unwrap_or(DEFAULT_RETRIES),
            num_max_delay_retries: self.num_max_delay_retries.unwrap_or(0),
            num_no_delay_retries: self.num_no_delay_retries.unwrap_or(0),
            num_min_delay_retries: self.num_min_delay_retries.unwrap_or(0),
            backoff_function: self.backoff_function.unwrap_or_default(),
        }
    }

    fn check(&self) -> Result<(), String> {
        let retries = self.resolve();
        let phases = u64::from(retries.num_no_delay_retries)
            + u64::from(retries.num_min_delay_retries)
            + u64::from(retries.num_max_delay_retries);
        if !(1..=MAX_DELAY).contains(&retries.min_delay_target) || retries.max_delay_target > MAX_DELAY {
            Err(format!(
                "minDelayTarget and maxDelayTarget have to be 1 to {MAX_DELAY}"
            ))
        } else if retries.min_delay_target > retries.max_delay_target {
            Err("maxDelayTarget must be greater than or equal to minDelayTarget".to_owned())
        } else if retries.num_retries > MAX_RETRIES {
            Err(format!("numRetries has to be 0 to {MAX_RETRIES}"))
        } else if phases > u64::from(retries.num_retries) {
            Err("the phases have more retries together than numRetries".to_owned())
        } else if retries
            .delays()
            .iter()
            .map(|delay| u64::from(*delay))
            .sum::<u64>()
            > u64::from(MAX_DELAY)
        {
            Err(format!(
                "the total retry time has to be at most {MAX_DELAY} seconds"
            ))
        } else {
            Ok(())
        }
    }
}

impl Default for RetrySchedule {
    fn default() -> Self {
        RetryPolicy::default().resolve()
    }
}

impl RetrySchedule {
    /// No retries at all.
    pub(super) fn none() -> Self {
        Self {
            num_retries: 0,
            ..Self::default()
        }
    }

    /// Returns the delay before each retry, in seconds: without delay, with the least one, growing, with the largest one.
    ///
    /// AWS shows the growth in a graph only, and adds jitter. The shapes here follow the names of the functions.
    pub(super) fn delays(&self) -> Vec<u32> {
        let fixed = self.num_no_delay_retries + self.num_min_delay_retries + self.num_max_delay_retries;
        let growing = self.num_retries.saturating_sub(fixed);
        let repeat = |delay, times: u32| std::iter::repeat_n(delay, times as usize);
        repeat(0, self.num_no_delay_retries)
            .chain(repeat(self.min_delay_target, self.num_min_delay_retries))
            .chain((0..growing).map(|step| self.backoff(step, growing)))
            .chain(repeat(self.max_delay_target, self.num_max_delay_retries))
            .collect()
    }

    fn backoff(&self, step: u32, steps: u32) -> u32 {
        let (min, max) = (f64::from(self.min_delay_target), f64::from(self.max_delay_target));
        let part = if steps < 2 {
            0.0
        } else {
            f64::from(step) / f64::from(steps - 1)
        };
        let delay = match self.backoff_function {
            Backoff::Linear => min + (max - min) * part,
            Backoff::Arithmetic => min + (max - min) * part.powi(2),
            Backoff::Geometric => min * (max / min).powf(part),
            Backoff::Exponential => min * (max / min).powf(part.powi(2)),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the delay lies between two u32"
        )]
        let delay = delay.round() as u32;
        delay
    }
}

impl TopicPolicy {
    /// Parses the value of the topic's attribute. The error is the reason.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let policy: Self = serde_json::from_str(text).map_err(|error| format!("invalid JSON. {error}"))?;
        if let Some(retries) = &policy.http.default_healthy_retry_policy {
            retries.check()?;
        }
        Ok(policy)
    }

    /// The policy as it is read back.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// `EffectiveDeliveryPolicy`: the policy with the defaults of its missing fields.
    pub(super) fn effective(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Http {
            default_healthy_retry_policy: RetrySchedule,
            disable_subscription_overrides: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            default_throttle_policy: Option<ThrottlePolicy>,
            default_request_policy: RequestPolicy,
        }
        #[derive(Serialize)]
        struct Effective {
            http: Http,
        }
        let http = &self.http;
        let effective = Effective {
            http: Http {
                default_healthy_retry_policy: self.retries(),
                disable_subscription_overrides: http.disable_subscription_overrides,
                default_throttle_policy: http.default_throttle_policy.clone(),
                default_request_policy: self.request(),
            },
        };
        serde_json::to_string(&effective).unwrap_or_default()
    }

    fn retries(&self) -> RetrySchedule {
        let retries = self.http.default_healthy_retry_policy.clone();
        retries.unwrap_or_default().resolve()
    }

    fn request(&self) -> RequestPolicy {
        let request = self.http.default_request_policy.clone();
        request.unwrap_or_else(|| RequestPolicy {
            header_content_type: DEFAULT_CONTENT_TYPE.to_owned(),
        })
    }
}

impl SubscriptionPolicy {
    /// Parses the value of the subscription's attribute. The error is the reason.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let policy: Self = serde_json::from_str(text).map_err(|error| format!("invalid JSON. {error}"))?;
        if let Some(retries) = &policy.healthy_retry_policy {
            retries.check()?;
        }
        Ok(policy)
    }

    /// The policy as it is read back.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the policy that is in force, for a subscription of a topic with this policy.
    pub(super) fn within(&self, topic: &TopicPolicy) -> EffectivePolicy {
        let own = if topic.http.disable_subscription_overrides {
            &Self::default()
        } else {
            self
        };
        let throttle = own.throttle_policy.clone();
        EffectivePolicy {
            healthy_retry_policy: own
                .healthy_retry_policy
                .as_ref()
                .map_or_else(|| topic.retries(), RetryPolicy::resolve),
            sickly_retry_policy: None,
            throttle_policy: throttle.or_else(|| topic.http.default_throttle_policy.clone()),
            request_policy: own.request_policy.clone().unwrap_or_else(|| topic.request()),
            guaranteed: false,
        }
    }
}

impl EffectivePolicy {
    pub(super) fn retries(&self) -> &RetrySchedule {
        &self.healthy_retry_policy
    }

    /// The content type of a notification.
    pub(super) fn content_type(&self) -> &str {
        &self.request_policy.header_content_type
    }

    /// The value of `EffectiveDeliveryPolicy`.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    /// The values were recorded on AWS.
    #[test]
    fn a_topics_policy_is_read_back_with_and_without_defaults() {
        let default = json!({"http": {
            "defaultHealthyRetryPolicy": {"minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear"},
            "disableSubscriptionOverrides": false,
            "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
        }});
        assert_eq!(value(&TopicPolicy::default().effective()), default);
        let text = r#"{"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1}}}"#;
        let policy = TopicPolicy::parse(text).unwrap();
        assert_eq!(
            value(&policy.to_json()),
            json!({"http": {
                "defaultHealthyRetryPolicy": {"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1},
                "disableSubscriptionOverrides": false,
            }})
        );
        let effective = value(&policy.effective());
        assert_eq!(
            effective["http"]["defaultHealthyRetryPolicy"]["minDelayTarget"],
            5
        );
        assert_eq!(
            effective["http"]["defaultHealthyRetryPolicy"]["numMaxDelayRetries"],
            0
        );
        let none = TopicPolicy::parse(r#"{"http": {"defaultHealthyRetryPolicy": null}}"#).unwrap();
        assert_eq!(
            value(&none.to_json()),
            json!({"http": {"disableSubscriptionOverrides": false}})
        );
    }

    /// The values were recorded on AWS.
    #[test]
    fn a_subscriptions_policy_goes_before_that_of_its_topic() {
        let topic = TopicPolicy::parse(
            r#"{"http": {"defaultRequestPolicy": {"headerContentType": "application/json"}}}"#,
        );
        let own = SubscriptionPolicy::parse(
            r#"{"healthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 0},
                "throttlePolicy": {"maxReceivesPerSecond": 1000}}"#,
        )
        .unwrap();
        let effective = value(&own.within(&topic.unwrap()).to_json());
        assert_eq!(
            effective,
            json!({
                "healthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 0, "numMaxDelayRetries": 0,
                    "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear"},
                "sicklyRetryPolicy": null,
                "throttlePolicy": {"maxReceivesPerSecond": 1000},
                "requestPolicy": {"headerContentType": "application/json"},
                "guaranteed": false,
            })
        );
        let locked = TopicPolicy::parse(r#"{"http": {"disableSubscriptionOverrides": true}}"#).unwrap();
        assert_eq!(
            value(&own.within(&locked).to_json())["healthyRetryPolicy"]["numRetries"],
            3
        );
        let read_back = value(
            &SubscriptionPolicy::parse(r#"{"requestPolicy": {"headerContentType": "text/csv"}}"#)
                .unwrap()
                .to_json(),
        );
        assert_eq!(
            read_back,
            json!({"healthyRetryPolicy": null, "sicklyRetryPolicy": null, "throttlePolicy": null,
                "requestPolicy": {"headerContentType": "text/csv"}, "guaranteed": false})
        );
    }

    #[test]
    fn retries_pass_four_phases() {
        let retries = |text: &str| {
            SubscriptionPolicy::parse(text)
                .unwrap()
                .within(&TopicPolicy::default())
                .healthy_retry_policy
        };
        assert_eq!(retries("{}").delays(), [20, 20, 20]);
        let phases = r#"{"healthyRetryPolicy": {"minDelayTarget": 10, "maxDelayTarget": 100, "numRetries": 10,
            "numNoDelayRetries": 2, "numMinDelayRetries": 1, "numMaxDelayRetries": 3, "backoffFunction": "FUNCTION"}}"#;
        let of = |function| retries(&phases.replace("FUNCTION", function)).delays();
        assert_eq!(of("linear"), [0, 0, 10, 10, 40, 70, 100, 100, 100, 100]);
        assert_eq!(of("geometric"), [0, 0, 10, 10, 22, 46, 100, 100, 100, 100]);
        for function in ["arithmetic", "exponential"] {
            assert!(of(function).is_sorted(), "{function}");
        }
    }

    #[test]
    fn wrong_policies_are_refused() {
        for (bad, words) in [
            ("nonsense", "invalid JSON"),
            (r#"{"unknown": 1}"#, "unknown"),
            (r#"{"healthyRetryPolicy": {"minDelayTarget": 0}}"#, "1 to 3600"),
            (
                r#"{"healthyRetryPolicy": {"minDelayTarget": 30, "maxDelayTarget": 20}}"#,
                "greater than or equal",
            ),
            (r#"{"healthyRetryPolicy": {"numRetries": 101}}"#, "0 to 100"),
            (
                r#"{"healthyRetryPolicy": {"numRetries": 1, "numNoDelayRetries": 2}}"#,
                "together than numRetries",
            ),
            (
                r#"{"healthyRetryPolicy": {"numRetries": 100, "minDelayTarget": 60, "maxDelayTarget": 60}}"#,
                "total retry time",
            ),
            (
                r#"{"healthyRetryPolicy": {"backoffFunction": "random"}}"#,
                "random",
            ),
        ] {
            let reason = SubscriptionPolicy::parse(bad).unwrap_err();
            assert!(reason.contains(words), "{bad}: {reason}");
        }
    }
}
