//! Counts the billed units of a call.

use axum::body::Bytes;
use axum::http::Response;
use cloud_billing::dynamodb::Capacity;
use cloud_billing::{Meter, Source, Units, dynamodb, sns, sqs};
use cloud_iam::Principal;

use crate::call::{Call, Service};

/// The parts of a call that must be known when its answer is there.
pub(crate) struct Bill {
    service: Service,
    operation: String,
    /// The function that calls, or `None` for an operator.
    function: Option<String>,
    body: Bytes,
}

impl Bill {
    /// The bill of a call that is allowed and takes effect. Injected throttles and denied calls cost nothing, as on AWS.
    pub(crate) fn of(call: &Call) -> Self {
        let function = match &call.principal {
            Principal::Function { function, .. } => Some(function.clone()),
            Principal::Operator { .. } | Principal::Unknown | Principal::Anonymous => None,
        };
        Self {
            service: call.service,
            operation: call.operation.clone(),
            function,
            body: call.body.clone(),
        }
    }

    /// Counts the call with its answer. A call that failed in the service costs nothing.
    pub(crate) fn add(&self, meter: &Meter, answer: &Response<Bytes>) {
        if answer.status().is_server_error() {
            return;
        }
        let units = match self.service {
            Service::Sqs => sqs::call(&self.operation, &self.body, answer.body()),
            Service::Sns => sns::call(&self.body),
            Service::DynamoDb => {
                let capacity = answer.extensions().get::<Capacity>();
                capacity.map_or_else(Units::default, |capacity| dynamodb::consumed(*capacity))
            }
            Service::Sts => return,
        };
        let source = self
            .function
            .as_deref()
            .map_or(Source::Operator, Source::Function);
        meter.add(&source, units);
    }
}
