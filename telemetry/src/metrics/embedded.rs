//! The names in CloudWatch's embedded metric format, and its limit.

/// The namespace in CloudWatch.
pub(super) const NAMESPACE: &str = "Orders";
/// The dimension of every metric: the name of the function.
pub(super) const SERVICE: &str = "service";
/// The dimension of metrics by reason. Reasons are codes of a list in each service.
pub(super) const REASON: &str = "reason";
/// The most values of one measure in one line, a limit of the format.
pub(super) const MAX_VALUES: usize = 100;
