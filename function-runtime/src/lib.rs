//! The runtime code that every function of this system shares.
//!
//! - Configuration: [`environment`] reads variables and says which one is missing or wrong.
//! - Time: [`clock`] is the port to the clock, [`deadline`] turns an invocation's time left into moments.
//! - Calls to AWS: [`call_error`] holds a failed call's code, [`call`] limits one call in time, [`batch_calls`] makes a batch
//!   call and, where one item may be at fault, one call for each item; [`backoff`] spaces attempts, [`pack`] cuts batches.
//! - Panics: [`panics`] turns a panic into an error.
//! - Randomness: [`rng`] draws from a seed.
//!
//! The feature `aws` adds the module `aws`: the SDK's set-up, the machine's clock, and the host of a function, which is Lambda's
//! runtime or another program.
//!
//! **Invariant:** without the feature `aws` nothing here reads a clock, the environment's SDKs or the machine, so that the
//! simulation can run the services in virtual time.

#[cfg(feature = "aws")]
pub mod aws;
pub mod backoff;
pub mod batch_calls;
pub mod call;
pub mod call_error;
pub mod clock;
pub mod deadline;
pub mod environment;
pub mod pack;
pub mod panics;
pub mod rng;
#[cfg(test)]
mod virtual_clock;

pub use call_error::{Answers, CallError};
pub use clock::Clock;
pub use deadline::{CallDeadline, Deadline};
pub use environment::{ConfigError, Environment};
pub use rng::Rng;
