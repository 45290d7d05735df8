//! The span around an invocation.

use tracing::Span;

use crate::trace_header::field;

/// The name of the span.
pub(crate) const NAME: &str = "invocation";
/// The field of the span with the id of a trace that X-Ray does not record, and the name of any such id in a line.
pub(crate) const UNRECORDED_TRACE: &str = "unrecorded_trace_id";
pub(crate) const TRACE: &str = "xray_trace_id";

/// The span of an invocation, whose ids are in every line that is logged inside it. `trace_header` is that of Lambda, such as
/// `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
#[must_use]
pub fn invocation(request_id: &str, trace_header: Option<&str>, is_first: bool) -> Span {
    let (recorded, unrecorded) = trace_header.map(trace).unzip();
    // The level is the highest, so that no filter removes the span.
    let span = tracing::error_span!(
        "invocation",
        function_request_id = request_id,
        xray_trace_id = recorded.flatten(),
        unrecorded_trace_id = unrecorded.flatten(),
        // Only where it is true: most lines would say that it is not.
        cold_start = is_first.then_some(true),
    );
    #[cfg(feature = "otlp")]
    if let Some(header) = trace_header {
        crate::otlp::continue_trace(&span, header);
    }
    span
}

/// Says that a message with this trace header is part of the current invocation. It is of use to an exporter of spans only.
#[cfg_attr(
    not(feature = "otlp"),
    expect(unused_variables, reason = "nothing is exported")
)]
pub fn link_trace(trace_header: &str) {
    #[cfg(feature = "otlp")]
    crate::otlp::link(trace_header);
}

/// Sends what is known of the invocation that has ended, if spans are exported. Lambda may freeze the process afterwards.
pub fn end_invocation() {
    #[cfg(feature = "otlp")]
    crate::otlp::flush();
}

/// The id of a trace, as Powertools logs it: first that of a trace that X-Ray records, or second that of one that it does not.
fn trace(header: &str) -> (Option<&str>, Option<&str>) {
    let id = Some(field(header, "Root=").unwrap_or(header));
    if field(header, "Sampled=") == Some("1") {
        (id, None)
    } else {
        (None, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_named_by_its_root_and_by_whether_it_is_recorded() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        assert_eq!(trace(header), (Some("1-5759e988-bd862e3fe1be46a994272793"), None));
        assert_eq!(trace("Sampled=1; Root=1-2-3"), (Some("1-2-3"), None));
        assert_eq!(trace("Root=1-2-3;Sampled=0"), (None, Some("1-2-3")));
        assert_eq!(trace("other"), (None, Some("other")));
    }
}
