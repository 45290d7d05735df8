//! The spans of invocations, for a collector of OpenTelemetry (OTLP over HTTP). The feature `otlp` builds it, and nothing else needs its crates.
//!
//! A span is part of the trace of Lambda's header, and links the traces of the messages of its batch. The log lines in it are its events. It
//! is recorded if the header says so, as X-Ray does, unless `OTEL_TRACES_SAMPLER` says something else.

use std::sync::OnceLock;

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use crate::trace_header::field;

/// The address of the collector, such as `http://127.0.0.1:4318`. Without it nothing is exported.
/// <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// The path of traces below the address.
const PATH: &str = "/v1/traces";

/// The provider of this process.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Adds the export to the subscriber of the process, if the environment names a collector.
pub(crate) fn exporting<S>(subscriber: S) -> impl Subscriber + Send + Sync
where
    S: Subscriber + Send + Sync + for<'lookup> LookupSpan<'lookup>,
{
    let provider = std::env::var(ENDPOINT).ok().and_then(|endpoint| {
        // A collector that cannot be used must not keep the function from its work.
        let provider = provider(&endpoint).ok()?;
        Some(PROVIDER.get_or_init(|| provider))
    });
    exporting_to(subscriber, provider)
}

pub(crate) fn exporting_to<S>(
    subscriber: S,
    provider: Option<&SdkTracerProvider>,
) -> impl Subscriber + Send + Sync + use<S>
where
    S: Subscriber + Send + Sync + for<'lookup> LookupSpan<'lookup>,
{
    let layer =
        provider.map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("orders")));
    subscriber.with(layer)
}

/// Sends to a collector at this address.
pub(crate) fn provider(endpoint: &str) -> Result<SdkTracerProvider, ExporterBuildError> {
    let endpoint = format!("{}{PATH}", endpoint.trim_end_matches('/'));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .build()?;
    let service = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let resource = Resource::builder().with_attribute(KeyValue::new("service.name", service));
    // Its thread sends batches, so that no invocation waits for each span.
    Ok(SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_batch_exporter(exporter)
        .build())
}

/// Makes a span part of the trace of a header in the form of X-Ray.
pub(crate) fn continue_trace(span: &Span, header: &str) {
    if let Some(parent) = span_context(header) {
        // Fails only if the subscriber exports nothing.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// Links the trace of a message to the current span.
pub(crate) fn link(header: &str) {
    if let Some(linked) = span_context(header) {
        Span::current().add_link(linked);
    }
}

/// Sends the spans that have ended. Lambda may freeze the process afterwards.
pub(crate) fn flush() {
    if let Some(provider) = PROVIDER.get() {
        // A collector that is away costs spans, and no orders.
        let _ = provider.force_flush();
    }
}

/// The trace, the span and the sampling of `Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1`.
fn span_context(header: &str) -> Option<SpanContext> {
    let trace = field(header, "Root=1-")?.replace('-', "");
    let flags = match field(header, "Sampled=") {
        Some("1") => TraceFlags::SAMPLED,
        _ => TraceFlags::default(),
    };
    Some(SpanContext::new(
        TraceId::from_hex(&trace).ok()?,
        SpanId::from_hex(field(header, "Parent=")?).ok()?,
        flags,
        true,
        TraceState::NONE,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_none_begins_a_trace_of_its_own() {
        let header = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1";
        assert!(span_context(header).unwrap().is_sampled());
        for header in [
            "",
            "Root=1-2-3",
            "Root=1-67891233-abcdef012345678912345678;Sampled=1",
        ] {
            assert!(span_context(header).is_none(), "{header}");
        }
    }
}
