//! The trace of a request: the identity that its order keeps through queue, row and event.
//!
//! It has two text forms. AWS writes the header `X-Amzn-Trace-Id` and the system attribute `AWSTraceHeader` in the form of X-Ray. W3C
//! writes the header `traceparent`, which CloudEvents takes over as an extension.
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>
//! <https://www.w3.org/TR/trace-context/#traceparent-header>

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};

/// A trace, as its caller or API Gateway began it. It is built from the parts of a header, so no other text of the header is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Trace {
    id: NonZeroU128,
    parent: Option<NonZeroU64>,
    sampled: Option<bool>,
}

impl Trace {
    /// Reads the form of X-Ray: `Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1`. `Parent` and `Sampled`
    /// may be missing, and other fields are ignored. None if it is not a trace header.
    #[must_use]
    pub fn from_xray(text: &str) -> Option<Self> {
        let (mut id, mut parent, mut sampled) = (None, None, None);
        for field in text.split(';') {
            match field.trim().split_once('=') {
                Some(("Root", root)) => id = Some(root_id(root)?),
                Some(("Parent", text)) => parent = Some(hexadecimal(text, 16).and_then(to_u64)?),
                // `?` asks the service to decide.
                Some(("Sampled", text)) => sampled = flag(text),
                _ => {}
            }
        }
        Some(Self {
            id: id?,
            parent,
            sampled,
        })
    }

    /// Reads the form of W3C: `00-67891233abcdef012345678912345678-463ac35c9f6413ad-01`. A later version may have more fields. None if
    /// it is not a trace header.
    #[must_use]
    pub fn from_traceparent(text: &str) -> Option<Self> {
        let mut fields = text.trim().split('-');
        let version = fields.next().and_then(|text| lowercase(text, 2))?;
        let id = fields.next().and_then(|text| lowercase(text, 32))?;
        let parent = fields.next().and_then(|text| lowercase(text, 16))?;
        let flags = fields.next().and_then(|text| lowercase(text, 2))?;
        if version == 0xff || (version == 0 && fields.next().is_some()) {
            return None;
        }
        Some(Self {
            id: NonZeroU128::new(id)?,
            parent: Some(to_u64(parent)?),
            sampled: Some(flags & 1 == 1),
        })
    }

    /// The id as X-Ray names the trace: `1-67891233-abcdef012345678912345678`.
    #[must_use]
    pub fn xray_id(self) -> String {
        let id = self.id();
        format!("1-{}-{}", &id[..8], &id[8..])
    }

    /// The form of X-Ray.
    #[must_use]
    pub fn to_xray(self) -> String {
        let parent = self.parent.map(|parent| format!(";Parent={parent:016x}"));
        let sampled = self
            .sampled
            .map(|sampled| format!(";Sampled={}", u8::from(sampled)));
        let (parent, sampled) = (parent.unwrap_or_default(), sampled.unwrap_or_default());
        format!("Root={}{parent}{sampled}", self.xray_id())
    }

    /// The form of W3C. It must name a parent: the last 64 bits of the trace's id, if there is none. So one trace has one text.
    #[must_use]
    pub fn to_traceparent(self) -> String {
        let low = u64::try_from(self.id.get() & u128::from(u64::MAX)).unwrap_or_default();
        let parent = self.parent.map_or(low.max(1), NonZeroU64::get);
        let flags = u8::from(self.sampled == Some(true));
        format!("00-{:032x}-{parent:016x}-{flags:02x}", self.id)
    }

    /// The id without its parent: 32 hexadecimal digits.
    #[must_use]
    pub fn id(self) -> String {
        format!("{:032x}", self.id)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_traceparent())
    }
}

/// Reads `1-` and 8 digits, `-` and 24 digits.
fn root_id(text: &str) -> Option<NonZeroU128> {
    let mut parts = text.split('-');
    let (version, time, rest) = (parts.next()?, parts.next()?, parts.next()?);
    if version != "1" || parts.next().is_some() {
        return None;
    }
    NonZeroU128::new(hexadecimal(time, 8)? << 96 | hexadecimal(rest, 24)?)
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// Reads exactly this many hexadecimal digits.
fn hexadecimal(text: &str, digits: usize) -> Option<u128> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// The same, where W3C allows no capitals.
fn lowercase(text: &str, digits: usize) -> Option<u128> {
    hexadecimal(text, digits).filter(|_| !text.bytes().any(|byte| byte.is_ascii_uppercase()))
}

fn to_u64(number: u128) -> Option<NonZeroU64> {
    u64::try_from(number).ok().and_then(NonZeroU64::new)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const XRAY: &str = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1";
    const TRACEPARENT: &str = "00-67891233abcdef012345678912345678-463ac35c9f6413ad-01";

    #[test]
    fn both_forms_name_the_same_trace() {
        let trace = Trace::from_xray(XRAY).unwrap();
        assert_eq!(Trace::from_traceparent(TRACEPARENT), Some(trace));
        assert_eq!(trace.to_xray(), XRAY);
        assert_eq!(trace.to_traceparent(), TRACEPARENT);
        assert_eq!(trace.xray_id(), "1-67891233-abcdef012345678912345678");
        assert_eq!(trace.id(), "67891233abcdef012345678912345678");
    }

    /// API Gateway without active tracing sends the root alone.
    #[test]
    fn a_root_alone_is_a_trace() {
        let trace = Trace::from_xray("Root=1-67891233-abcdef012345678912345678").unwrap();
        assert_eq!(trace.to_xray(), "Root=1-67891233-abcdef012345678912345678");
        assert_eq!(
            trace.to_traceparent(),
            "00-67891233abcdef012345678912345678-2345678912345678-00"
        );
    }

    #[test]
    fn other_fields_are_not_passed_on() {
        let header =
            format!("Self=1-12456789-abcdef012345678901234567; {XRAY};Lineage=a87bd80c:1|68fd508a:5;x=\r\n");
        assert_eq!(Trace::from_xray(&header).unwrap().to_xray(), XRAY);
        let undecided = XRAY.replace("Sampled=1", "Sampled=?");
        assert!(
            !Trace::from_xray(&undecided)
                .unwrap()
                .to_xray()
                .contains("Sampled")
        );
        let later = format!("{}-more", TRACEPARENT.replacen("00", "01", 1));
        assert_eq!(
            Trace::from_traceparent(&later).unwrap().to_traceparent(),
            TRACEPARENT
        );
    }

    #[test]
    fn a_malformed_header_is_no_trace() {
        for text in [
            "",
            "Root",
            "Root=",
            "Root=1-67891233",
            "Root=2-67891233-abcdef012345678912345678",
            "Root=1-6789123-abcdef012345678912345678",
            "Root=1-67891233-abcdef01234567891234567+",
            "Root=1-67891233-abcdef012345678912345678-0",
            "Root=1-00000000-000000000000000000000000",
            "Root=1-67891233-abcdef012345678912345678;Parent=1",
            "Root=1-67891233-abcdef012345678912345678;Parent=0000000000000000",
            "Parent=463ac35c9f6413ad;Sampled=1",
        ] {
            assert_eq!(Trace::from_xray(text), None, "{text}");
        }
        for text in [
            "",
            "00",
            &TRACEPARENT[..53],
            &TRACEPARENT.to_uppercase(),
            &TRACEPARENT.replacen("00", "ff", 1),
            &format!("{TRACEPARENT}-more"),
            "00-00000000000000000000000000000000-463ac35c9f6413ad-01",
            "00-67891233abcdef012345678912345678-0000000000000000-01",
        ] {
            assert_eq!(Trace::from_traceparent(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(id in 1u128.., parent in 1u64.., sampled: bool) {
            let trace = Trace { id: NonZeroU128::new(id).unwrap(), parent: NonZeroU64::new(parent), sampled: Some(sampled) };
            prop_assert_eq!(Trace::from_xray(&trace.to_xray()), Some(trace));
            prop_assert_eq!(Trace::from_traceparent(&trace.to_traceparent()), Some(trace));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in ".*") {
            let _ = (Trace::from_xray(&text), Trace::from_traceparent(&text));
        }
    }
}
