//! The units that AWS bills.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Billed units of some calls. All are whole numbers: a unit that AWS counts in halves is counted in halves here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Units {
    /// Requests to a REST API, without those that API Gateway refuses before its integration for free.
    pub api_requests: u64,
    /// Invocations of functions.
    pub lambda_requests: u64,
    /// Milliseconds of invocations and starts, each rounded up. Measured on this machine.
    pub lambda_milliseconds: u64,
    /// The same, each multiplied by the memory of its function in MB.
    pub lambda_megabyte_milliseconds: u64,
    /// Requests to SQS, a 64 KB chunk of a payload each, without empty receives.
    pub sqs_requests: u64,
    /// Those of them about messages with a message group, for which SQS charges more.
    pub sqs_grouped_requests: u64,
    /// Receives of Lambda's pollers that returned nothing. Time causes them and not orders.
    pub sqs_empty_receives: u64,
    /// Requests to SNS, a 64 KB chunk of a payload each.
    pub sns_requests: u64,
    /// Emails that SNS delivered.
    pub sns_emails: u64,
    /// Write units of tables: 1 KB each.
    pub dynamodb_write_units: u64,
    /// Write units of secondary indexes.
    pub dynamodb_index_write_units: u64,
    /// Half read units: an eventually consistent read of 4 KB is one, a consistent read is two.
    pub dynamodb_read_half_units: u64,
    /// Bytes of the log events of functions.
    pub log_bytes: u64,
    /// Bytes of the log events that Lambda itself writes about invocations. No runtime here writes them.
    pub lambda_log_bytes: u64,
}

impl Units {
    /// All numbers, so that sums leave none out.
    fn fields(&mut self) -> [&mut u64; 14] {
        [
            &mut self.api_requests,
            &mut self.lambda_requests,
            &mut self.lambda_milliseconds,
            &mut self.lambda_megabyte_milliseconds,
            &mut self.sqs_requests,
            &mut self.sqs_grouped_requests,
            &mut self.sqs_empty_receives,
            &mut self.sns_requests,
            &mut self.sns_emails,
            &mut self.dynamodb_write_units,
            &mut self.dynamodb_index_write_units,
            &mut self.dynamodb_read_half_units,
            &mut self.log_bytes,
            &mut self.lambda_log_bytes,
        ]
    }

    /// Returns the units since `earlier`, and none of what was more then.
    #[must_use]
    pub fn since(mut self, mut earlier: Self) -> Self {
        for (now, then) in self.fields().into_iter().zip(earlier.fields()) {
            *now = now.saturating_sub(*then);
        }
        self
    }
}

impl AddAssign for Units {
    fn add_assign(&mut self, mut other: Self) {
        for (sum, more) in self.fields().into_iter().zip(other.fields()) {
            *sum = sum.saturating_add(*more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field that `fields` leaves out would stay zero in every sum.
    #[test]
    fn every_field_is_summed_and_subtracted() {
        let names = serde_json::to_value(Units::default()).unwrap();
        let ones = names.as_object().unwrap().keys();
        let ones: serde_json::Map<_, _> = ones.map(|name| (name.clone(), 1.into())).collect();
        let one: Units = serde_json::from_value(ones.into()).unwrap();
        let mut sum = one;
        sum += one;
        let sums = serde_json::to_value(sum).unwrap();
        assert!(sums.as_object().unwrap().values().all(|sum| sum == 2), "{sums}");
        assert_eq!(sum.since(one), one);
        assert_eq!(one.since(sum), Units::default());
    }
}
