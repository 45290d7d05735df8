//! How a load was made.

/// The facts that a page shows about how the load was made.
#[derive(Debug)]
pub(in crate::load) struct Setting {
    /// The system, such as `this machine` or the name of a stack.
    pub(in crate::load) system: String,
    pub(in crate::load) connections: usize,
    /// Orders a second; `None` for as fast as they were answered.
    pub(in crate::load) rate: Option<f64>,
    pub(in crate::load) seed: u64,
}
