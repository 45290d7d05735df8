//! The trace of a call, in the header by which SNS takes it. SNS passes it on to queues as `AWSTraceHeader`.
//!
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-active-tracing.html>

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

const TRACE_HEADER: &str = "x-amzn-trace-id";

/// Gives a call a trace, in the form of X-Ray, in place of that of the invocation.
pub fn set_trace(request: &mut HttpRequest, trace: &str) {
    let lineage = request.headers().get(TRACE_HEADER).and_then(lineage);
    let header = format!("{trace}{}", lineage.unwrap_or_default());
    request.headers_mut().insert(TRACE_HEADER, header);
}

/// The field `Lineage` of the header that the SDK sets in a function. By it Lambda finds functions that invoke each other without end.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>
fn lineage(header: &str) -> Option<String> {
    let field = header
        .split(';')
        .find(|field| field.trim().starts_with("Lineage="))?;
    Some(format!(";{}", field.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "Root=1-67891233-abcdef012345678912345678";

    #[test]
    fn a_trace_replaces_that_of_the_invocation_whose_lineage_stays() {
        let mut request = HttpRequest::empty();
        set_trace(&mut request, TRACE);
        assert_eq!(request.headers().get(TRACE_HEADER), Some(TRACE));
        let of_invocation =
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=463ac35c9f6413ad;Sampled=0;Lineage=1:a87bd80c:0";
        request.headers_mut().insert(TRACE_HEADER, of_invocation);
        set_trace(&mut request, TRACE);
        let expected = format!("{TRACE};Lineage=1:a87bd80c:0");
        assert_eq!(request.headers().get(TRACE_HEADER), Some(&*expected));
    }
}
