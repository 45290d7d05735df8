//! API Gateway's REST API on a loopback port: each request becomes a proxy event for the route's function.

mod gateway_error;
mod proxy_event;
mod proxy_response;
mod routes;
mod server;

pub(crate) use proxy_event::ApiContext;
pub(crate) use routes::Routes;
pub(crate) use server::RestApi;
