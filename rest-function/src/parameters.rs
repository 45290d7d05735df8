//! Query parameters that more than one API has.

use std::collections::BTreeMap;

use order_core::Violations;

/// The query parameters with all their values, by name.
pub type Parameters<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// The values of parameters that are given once at most.
pub fn once<'a, const N: usize>(
    parameters: &Parameters<'a>,
    names: [&'static str; N],
    violations: &mut Violations,
) -> [Option<&'a str>; N] {
    names.map(|name| match parameters.get(name).map(Vec::as_slice) {
        None => None,
        Some([value]) => Some(*value),
        Some(_) => {
            violations.push_parameter(name, "must be given once");
            None
        }
    })
}

/// The number of entries of a page: `limit`, or the default.
pub fn limit(text: Option<&str>, default: u16, max: u16, violations: &mut Violations) -> u16 {
    let Some(text) = text else { return default };
    parse_limit(text, max).unwrap_or_else(|| {
        violations.push_parameter("limit", format!("must be an integer from 1 to {max}"));
        default
    })
}

/// Only digits: the standard library would also accept `+5`.
fn parse_limit(text: &str, max: u16) -> Option<u16> {
    let limit = text
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())??;
    (1..=max).contains(&limit).then_some(limit)
}

/// Refuses the parameters that the resource does not have.
pub fn refuse_unknown(parameters: &Parameters<'_>, known: &[&str], violations: &mut Violations) {
    for name in parameters.keys().filter(|name| !known.contains(*name)) {
        let detail = format!("is not a parameter here; the parameters are {}", known.join(", "));
        violations.push_parameter(name, detail);
    }
}
