//! API Gateway's REST API on a loopback port. Each request becomes a proxy event for the function of its
//! route.
//!
//! [`Routes`] finds the function, `proxy_event` and `proxy_response` translate, [`RestApi`] listens. A [`MockIntegration`] answers
//! without a function. Limits and errors of the gateway itself are AWS's own. Source: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway".
//!
//! Imports `cloud-billing`, `cloud-cloudwatch`, `cloud-http` and `cloud-lambda` of the workspace.

mod api_key;
mod binary_media_types;
mod event_headers;
mod gateway_error;
mod gateway_response;
mod metrics;
mod mock;
mod multiple;
mod proxy_event;
mod proxy_response;
mod routes;
mod server;
mod throttle;
mod trace_id;

pub use api_key::{ApiKey, ApiKeys};
pub use binary_media_types::BinaryMediaTypes;
pub use gateway_response::{GatewayResponse, GatewayResponses};
pub use metrics::ApiMetrics;
pub use mock::{MockIntegration, ResponseTemplateError};
pub use proxy_event::ApiContext;
pub use routes::{Integration, Route, Routes};
pub use server::{RestApi, RestApiSettings};
pub use throttle::{ThrottleSetting, Throttles};
