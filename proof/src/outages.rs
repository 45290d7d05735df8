//! Outages of the services that the functions call.

use serde_json::json;

/// A service that can be taken away from the functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum OutageTarget {
    /// The table of orders, for every function
    Table,
    /// The topic of order events, for order-worker
    Topic,
    /// The topic of emails, for notifier
    Email,
}

impl OutageTarget {
    /// All targets.
    pub(crate) const ALL: [Self; 3] = [Self::Table, Self::Topic, Self::Email];

    /// The name of the outage.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Topic => "topic",
            Self::Email => "email",
        }
    }

    /// The service whose operations fail.
    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::Table => "dynamodb",
            Self::Topic | Self::Email => "sns",
        }
    }

    /// The functions whose messages wait for it.
    pub(crate) fn consumers(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["order-worker", "notifier"],
            Self::Topic | Self::Email => self.functions(),
        }
    }

    /// The queue in which they wait.
    pub(crate) fn queue(self) -> &'static str {
        match self {
            Self::Table | Self::Topic => "orders",
            Self::Email => "notifications",
        }
    }

    /// The functions for which they fail.
    pub(crate) fn functions(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["order-api", "order-worker", "notifier"],
            Self::Topic => &["order-worker"],
            Self::Email => &["notifier"],
        }
    }

    /// The outage as local-cloud reads it.
    pub(crate) fn document(self) -> String {
        json!({
            "operations": [format!("{}:*", self.service())],
            "functions": self.functions(),
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use cloud_faults::{Failure, Faults, Outage};

    use super::*;

    #[test]
    fn each_target_takes_its_own_service_away_and_no_other() {
        let calls = [
            ("dynamodb:BatchExecuteStatement", "order-worker"),
            ("dynamodb:UpdateItem", "notifier"),
            ("dynamodb:GetItem", "order-api"),
            ("sns:PublishBatch", "order-worker"),
            ("sns:Publish", "notifier"),
            ("sqs:SendMessageBatch", "order-worker"),
        ];
        let failing = OutageTarget::ALL.map(|target| {
            let faults = Faults::default();
            faults.begin_outage(target.name(), Outage::parse(&target.document()).unwrap());
            calls.map(|(operation, function)| {
                faults
                    .call(operation, Some(function))
                    .is_some_and(|call| call.failure == Some(Failure::Outage))
            })
        });
        let [table, topic, email] = failing;
        assert_eq!(table, [true, true, true, false, false, false]);
        assert_eq!(topic, [false, false, false, true, false, false]);
        assert_eq!(email, [false, false, false, false, true, false]);
    }
}
