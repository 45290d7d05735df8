//! Checks the bytes of a request against the digests that came with it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use s3s::TrailingHeaders;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto::{Checksum, ChecksumAlgorithm};

use crate::error::S3Failure;
use crate::files::Written;

/// The digests that the bytes of a request must have.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) given: Checksum,
    pub(crate) content_md5: Option<String>,
    /// The algorithm that was asked for, without a value before the bytes.
    pub(crate) algorithm: Option<ChecksumAlgorithm>,
    /// The names of the headers that follow the bytes.
    pub(crate) announced: Option<String>,
    pub(crate) trailers: Option<TrailingHeaders>,
}

/// Reads what is expected out of a request with these fields.
macro_rules! expected {
    ($request:expr) => {
        $crate::checksums::Expected {
            given: s3s::dto::Checksum {
                checksum_crc32: $request.input.checksum_crc32.clone(),
                checksum_crc32c: $request.input.checksum_crc32c.clone(),
                checksum_crc64nvme: $request.input.checksum_crc64nvme.clone(),
                checksum_sha1: $request.input.checksum_sha1.clone(),
                checksum_sha256: $request.input.checksum_sha256.clone(),
                checksum_type: None,
            },
            content_md5: $request.input.content_md5.clone(),
            algorithm: $request.input.checksum_algorithm.clone(),
            announced: $crate::checksums::announced(&$request.headers),
            trailers: $request.trailing_headers.take(),
        }
    };
}
pub(crate) use expected;

/// The names of the headers that follow the bytes, as the request announces them.
pub(crate) fn announced(headers: &HeaderMap) -> Option<String> {
    Some(headers.get("x-amz-trailer")?.to_str().ok()?.to_ascii_lowercase())
}

impl Expected {
    /// The digests to compute. Without any, S3 computes CRC64NVME. Source: Amazon S3 User Guide, "Checking object integrity".
    pub(crate) fn hasher(&self) -> ChecksumHasher {
        let announced = self.announced.as_deref().unwrap_or_default();
        let algorithm = self.algorithm.as_ref().map_or("", ChecksumAlgorithm::as_str);
        let asked = |given: &Option<String>, name: &str| {
            given.is_some() || algorithm.eq_ignore_ascii_case(name) || announced.contains(&trailer(name))
        };
        let mut hasher = ChecksumHasher {
            crc32: asked(&self.given.checksum_crc32, "crc32").then(Crc32::new),
            crc32c: asked(&self.given.checksum_crc32c, "crc32c").then(Crc32c::new),
            sha1: asked(&self.given.checksum_sha1, "sha1").then(Sha1::new),
            sha256: asked(&self.given.checksum_sha256, "sha256").then(Sha256::new),
            crc64nvme: asked(&self.given.checksum_crc64nvme, "crc64nvme").then(Crc64Nvme::new),
        };
        let none = hasher.crc32.is_none()
            && hasher.crc32c.is_none()
            && hasher.sha1.is_none()
            && hasher.sha256.is_none()
            && hasher.crc64nvme.is_none();
        if none {
            hasher.crc64nvme = Some(Crc64Nvme::new());
        }
        hasher
    }

    /// Compares all digests that came with the request with those of its bytes.
    pub(crate) fn check(&self, written: &Written) -> Result<(), S3Failure> {
        let trailers = self
            .trailers
            .as_ref()
            .and_then(TrailingHeaders::take)
            .unwrap_or_default();
        let computed = &written.checksum;
        for (name, given, computed) in [
            ("CRC32", &self.given.checksum_crc32, &computed.checksum_crc32),
            ("CRC32C", &self.given.checksum_crc32c, &computed.checksum_crc32c),
            (
                "CRC64NVME",
                &self.given.checksum_crc64nvme,
                &computed.checksum_crc64nvme,
            ),
            ("SHA1", &self.given.checksum_sha1, &computed.checksum_sha1),
            ("SHA256", &self.given.checksum_sha256, &computed.checksum_sha256),
        ] {
            let after = trailers.get(trailer(&name.to_lowercase()));
            let after = after.and_then(|value| value.to_str().ok());
            let differs = |wanted: &str| computed.as_deref().is_some_and(|computed| computed != wanted);
            if given.as_deref().is_some_and(differs) || after.is_some_and(differs) {
                return Err(S3Failure::BadDigest(name));
            }
        }
        if let Some(md5) = &self.content_md5 {
            let digest = STANDARD.decode(md5).map(|bytes| crate::files::hex(&bytes));
            if digest.ok().as_deref() != Some(written.md5.as_str()) {
                return Err(S3Failure::BadDigest("Content-MD5"));
            }
        }
        Ok(())
    }
}

fn trailer(name: &str) -> String {
    format!("x-amz-checksum-{name}")
}
