//! The HTTP side of a function behind a REST API (version 1) of API Gateway.
//!
//! [`request`] decodes the proxy event, [`body`] reads the JSON document in it, [`response`] builds the answer, and [`problem`]
//! the body of an error. [`cors`] lets web pages of other origins call, [`conditional`] compares entity tags, [`parameters`] reads
//! query parameters, and [`causes()`] writes an SDK error for the log.
//!
//! **Invariant:** nothing here knows an API's resources. Each API names its problems by a type of its own
//! ([`ProblemKind`]), so that no answer has the problem of another API. No error quotes a body.

pub mod body;
mod causes;
pub mod conditional;
pub mod cors;
pub mod parameters;
pub mod problem;
pub mod request;
pub mod response;

pub use body::Body;
pub use causes::causes;
pub use cors::{AllowedOrigins, AllowedOriginsError};
pub use problem::{Problem, ProblemKind};
pub use request::{Request, RequestIds};
pub use response::{ErrorResponse, Response};
