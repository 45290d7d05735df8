//! `AWS::ApiGateway::ApiKey`, `UsagePlan` and `UsagePlanKey`.

use std::collections::BTreeMap;

use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;

/// An API key that a usage plan covers.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// The id.
    pub id: String,
    /// The secret text, if the template names it. Otherwise API Gateway generates one.
    pub value: Option<String>,
    /// The limits of its plan.
    pub plan: UsagePlan,
}

/// The limits of an API key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsagePlan {
    /// Requests per second, and requests at once.
    pub throttle: Option<(f64, u32)>,
    /// Requests of a day (UTC).
    pub daily_quota: Option<u32>,
}

/// The parts of API keys, which the template declares apart.
#[derive(Debug, Default)]
pub(crate) struct ApiKeyParts {
    /// The value of each enabled key, by the id.
    keys: BTreeMap<String, Option<String>>,
    plans: BTreeMap<String, UsagePlan>,
    /// Pairs of the ids of a key and a plan.
    covered: Vec<(String, String)>,
}

impl ApiKeyParts {
    pub(crate) fn read_key(&mut self, id: String, mut properties: Properties) -> Result<(), TemplateError> {
        properties.ignore(ignored::API_KEY);
        let value = properties.text("Value")?;
        let is_enabled = properties.boolean("Enabled")?.unwrap_or_default();
        properties.finish()?;
        if is_enabled {
            self.keys.insert(id, value);
        }
        Ok(())
    }

    pub(crate) fn read_plan(&mut self, id: String, mut properties: Properties) -> Result<(), TemplateError> {
        properties.ignore(ignored::USAGE_PLAN);
        let mut plan = UsagePlan::default();
        if let Some(mut throttle) = properties.mapping("Throttle")? {
            let rate = throttle.required_text("RateLimit")?.parse::<f64>().ok();
            let rate = rate.filter(|rate| rate.is_finite() && *rate >= 0.0);
            let rate = rate.ok_or_else(|| throttle.wrong("RateLimit", "a number is expected"))?;
            let burst = throttle.integer("BurstLimit")?;
            plan.throttle = Some((rate, burst.ok_or_else(|| throttle.missing("BurstLimit"))?));
            throttle.finish()?;
        }
        if let Some(mut quota) = properties.mapping("Quota")? {
            if quota.required_text("Period")? != "DAY" {
                return Err(TemplateError::unsupported(
                    quota.at(),
                    "a quota of another period than DAY",
                ));
            }
            plan.daily_quota = quota.integer("Limit")?;
            quota.finish()?;
        }
        properties.finish()?;
        self.plans.insert(id, plan);
        Ok(())
    }

    pub(crate) fn read_plan_key(&mut self, mut properties: Properties) -> Result<(), TemplateError> {
        properties.ignore(&["KeyType"]);
        let key = properties.required_text("KeyId")?;
        let plan = properties.required_text("UsagePlanId")?;
        properties.finish()?;
        self.covered.push((key, plan));
        Ok(())
    }

    /// Returns the enabled keys that a plan covers. API Gateway refuses every other key.
    pub(crate) fn into_keys(self) -> Vec<ApiKey> {
        let covered = self.covered.iter().filter_map(|(key, plan)| {
            let value = self.keys.get(key)?;
            Some(ApiKey {
                id: key.clone(),
                value: value.clone(),
                plan: self.plans.get(plan)?.clone(),
            })
        });
        covered.collect()
    }
}
