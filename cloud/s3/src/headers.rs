//! The headers of an object, which a write gives and a read answers.

use std::collections::BTreeMap;

use s3s::dto::{
    Checksum, ChecksumType, CopyObjectInput, CreateMultipartUploadInput, GetObjectOutput, HeadObjectOutput,
    PostObjectInput, PutObjectInput, Timestamp, TimestampFormat,
};
use serde::{Deserialize, Serialize};

/// The content type of an object that was written without one, as on AWS.
pub(crate) const DEFAULT_TYPE: &str = "binary/octet-stream";

/// The headers of an object. They are stored as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Headers {
    pub(crate) content_type: Option<String>,
    pub(crate) cache_control: Option<String>,
    pub(crate) content_disposition: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_language: Option<String>,
    /// As an HTTP date.
    pub(crate) expires: Option<String>,
    pub(crate) redirect: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) checksums: Checksums,
}

/// The checksums of an object, in Base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Checksums {
    crc32: Option<String>,
    crc32c: Option<String>,
    crc64nvme: Option<String>,
    sha1: Option<String>,
    sha256: Option<String>,
}

impl From<Checksum> for Checksums {
    fn from(checksum: Checksum) -> Self {
        Self {
            crc32: checksum.checksum_crc32,
            crc32c: checksum.checksum_crc32c,
            crc64nvme: checksum.checksum_crc64nvme,
            sha1: checksum.checksum_sha1,
            sha256: checksum.checksum_sha256,
        }
    }
}

/// Reads the headers out of a request with these fields, or writes them into an answer.
macro_rules! headers {
    (read $input:expr) => {
        Headers {
            content_type: $input.content_type.clone(),
            cache_control: $input.cache_control.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_encoding: $input.content_encoding.as_deref().and_then(without_chunks),
            content_language: $input.content_language.clone(),
            expires: $input.expires.as_ref().and_then(http_date),
            redirect: $input.website_redirect_location.clone(),
            metadata: $input.metadata.clone().unwrap_or_default().into_iter().collect(),
            checksums: Checksums::default(),
        }
    };
    (write $headers:expr, $output:expr, $with_checksums:expr) => {
        $output.content_type = Some($headers.content_type.unwrap_or_else(|| DEFAULT_TYPE.to_owned()));
        $output.cache_control = $headers.cache_control;
        $output.content_disposition = $headers.content_disposition;
        $output.content_encoding = $headers.content_encoding;
        $output.content_language = $headers.content_language;
        $output.expires = $headers.expires.as_deref().and_then(from_http_date);
        $output.website_redirect_location = $headers.redirect;
        $output.metadata = Some($headers.metadata.into_iter().collect());
        if $with_checksums {
            $output.checksum_crc32 = $headers.checksums.crc32;
            $output.checksum_crc32c = $headers.checksums.crc32c;
            $output.checksum_crc64nvme = $headers.checksums.crc64nvme;
            $output.checksum_sha1 = $headers.checksums.sha1;
            $output.checksum_sha256 = $headers.checksums.sha256;
            $output.checksum_type = Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT));
        }
    };
}

impl Headers {
    pub(crate) fn of_put(input: &PutObjectInput) -> Self {
        headers!(read input)
    }

    pub(crate) fn of_form(input: &PostObjectInput) -> Self {
        headers!(read input)
    }

    pub(crate) fn of_copy(input: &CopyObjectInput) -> Self {
        headers!(read input)
    }

    pub(crate) fn of_upload(input: &CreateMultipartUploadInput) -> Self {
        headers!(read input)
    }

    pub(crate) fn answer_get(self, output: &mut GetObjectOutput, with_checksums: bool) {
        headers!(write self, output, with_checksums);
    }

    pub(crate) fn answer_head(self, output: &mut HeadObjectOutput, with_checksums: bool) {
        headers!(write self, output, with_checksums);
    }
}

/// `aws-chunked` says how the request was sent, and is not stored. Source: Amazon S3 API Reference, "Signature calculations
/// for the Authorization header: transferring payload in multiple chunks".
fn without_chunks(encodings: &str) -> Option<String> {
    let kept: Vec<_> = encodings
        .split(',')
        .map(str::trim)
        .filter(|name| *name != "aws-chunked")
        .collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

fn http_date(moment: &Timestamp) -> Option<String> {
    let mut text = Vec::new();
    moment.format(TimestampFormat::HttpDate, &mut text).ok()?;
    String::from_utf8(text).ok()
}

fn from_http_date(text: &str) -> Option<Timestamp> {
    Timestamp::parse(TimestampFormat::HttpDate, text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_of_the_request_is_not_stored() {
        assert_eq!(without_chunks("aws-chunked"), None);
        assert_eq!(without_chunks("gzip, aws-chunked").as_deref(), Some("gzip"));
        assert_eq!(without_chunks("gzip").as_deref(), Some("gzip"));
    }

    #[test]
    fn a_date_is_read_as_it_was_written() {
        let text = "Tue, 24 Nov 2026 10:00:00 GMT";
        assert_eq!(http_date(&from_http_date(text).unwrap()).as_deref(), Some(text));
        assert_eq!(from_http_date("0"), None);
    }
}
