//! API keys, and the usage plans that limit them.
//!
//! Source: the API Gateway Developer Guide, "Usage plans and API keys for REST APIs" and "Gateway response types".

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::gateway_error::GatewayError;
use crate::throttle::Bucket;

const DAY: Duration = Duration::from_hours(24);

/// An API key of a usage plan that covers the stage. A key without such a plan opens nothing.
#[derive(Clone, PartialEq)]
pub struct ApiKey {
    /// The id, which events and logs name.
    pub id: String,
    /// The secret text that clients send in `x-api-key`.
    pub value: String,
    /// Requests per second and requests at once, if the plan limits them.
    pub throttle: Option<(f64, u32)>,
    /// Requests of a day (UTC), if the plan limits them.
    pub daily_quota: Option<u32>,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ApiKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The API keys of a stage.
#[derive(Debug, Default)]
pub struct ApiKeys(Vec<Used>);

#[derive(Debug)]
struct Used {
    key: ApiKey,
    usage: Mutex<Usage>,
}

#[derive(Debug, Default)]
struct Usage {
    bucket: Option<Bucket>,
    /// A day since 1970, and its requests.
    today: (u64, u32),
}

impl ApiKeys {
    /// Takes the keys, none of which was used yet.
    #[must_use]
    pub fn new(keys: Vec<ApiKey>) -> Self {
        let unused = |key| Used {
            key,
            usage: Mutex::default(),
        };
        Self(keys.into_iter().map(unused).collect())
    }

    /// Finds the key of a request, and counts the request.
    pub(crate) fn admit(&self, value: Option<&str>) -> Result<&ApiKey, GatewayError> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.admit_at(value, Instant::now(), since_1970.as_secs() / DAY.as_secs())
    }

    fn admit_at(&self, value: Option<&str>, now: Instant, day: u64) -> Result<&ApiKey, GatewayError> {
        let used = self.0.iter().find(|used| Some(used.key.value.as_str()) == value);
        let used = used.ok_or(GatewayError::InvalidApiKey)?;
        let mut usage = used.usage.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((rate, burst)) = used.key.throttle {
            let bucket = usage.bucket.get_or_insert_with(|| Bucket::new(burst, now));
            if !bucket.take(rate, burst, now) {
                return Err(GatewayError::Throttled);
            }
        }
        if let Some(quota) = used.key.daily_quota {
            let (counted_day, requests) = usage.today;
            let requests = if counted_day == day { requests } else { 0 };
            if requests >= quota {
                return Err(GatewayError::QuotaExceeded);
            }
            usage.today = (day, requests + 1);
        }
        Ok(&used.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(throttle: Option<(f64, u32)>, daily_quota: Option<u32>) -> ApiKeys {
        ApiKeys::new(vec![ApiKey {
            id: "k1".to_owned(),
            value: "secret".to_owned(),
            throttle,
            daily_quota,
        }])
    }

    #[test]
    fn only_a_known_key_is_admitted() {
        let keys = keys(None, None);
        assert_eq!(keys.admit(Some("secret")).unwrap().id, "k1");
        for value in [None, Some(""), Some("Secret"), Some("k1")] {
            assert_eq!(keys.admit(value), Err(GatewayError::InvalidApiKey), "{value:?}");
        }
    }

    #[test]
    fn a_key_has_a_rate_and_a_burst() {
        let keys = keys(Some((2.0, 3)), None);
        let start = Instant::now();
        let admitted = |milliseconds| {
            let now = start + Duration::from_millis(milliseconds);
            let answers = (0..5).map(|_| keys.admit_at(Some("secret"), now, 0));
            answers
                .filter(|answer| *answer != Err(GatewayError::Throttled))
                .count()
        };
        assert_eq!((admitted(0), admitted(500), admitted(10_000)), (3, 1, 3));
    }

    #[test]
    fn a_quota_is_that_of_a_day() {
        let keys = keys(None, Some(2));
        let admitted = |day| {
            let answers = (0..4).map(|_| keys.admit_at(Some("secret"), Instant::now(), day));
            answers
                .filter(|answer| *answer != Err(GatewayError::QuotaExceeded))
                .count()
        };
        assert_eq!((admitted(7), admitted(7), admitted(8)), (2, 0, 2));
    }

    #[test]
    fn a_key_is_not_printed() {
        assert!(!format!("{:?}", keys(None, None)).contains("secret"));
    }
}
