//! Why S3 refuses or fails, in AWS's words.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use cloud_store::StoreError;
use http::Response;
use s3s::{S3Error, S3ErrorCode};

/// The reason why a call is refused or fails. Source: Amazon S3 API Reference, "Error responses".
#[derive(Clone, Debug, thiserror::Error)]
pub enum S3Failure {
    /// There is no bucket with this name.
    #[error("The specified bucket does not exist")]
    NoSuchBucket,
    /// There is no object with this key.
    #[error("The specified key does not exist.")]
    NoSuchKey,
    /// There is no multipart upload with this id.
    #[error(
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )]
    NoSuchUpload,
    /// A part of a completed upload was not uploaded, or has another `ETag`.
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified \
         entity tag may not match the part's entity tag."
    )]
    InvalidPart,
    /// The parts of a completed upload are not in ascending order.
    #[error("The list of parts was not in ascending order. Parts must be ordered by part number.")]
    InvalidPartOrder,
    /// A part that is not the last one is smaller than 5 MiB.
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall,
    /// The object is larger than S3 takes in one request.
    #[error("Your proposed upload exceeds the maximum allowed size")]
    EntityTooLarge,
    /// A condition of the request does not hold.
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed,
    /// The object ends before the range that was asked for.
    #[error("The requested range is not satisfiable")]
    InvalidRange,
    /// The bytes are not those of the checksum.
    #[error("The {0} you specified did not match what we received.")]
    BadDigest(&'static str),
    /// The request ended before all of its bytes.
    #[error("You did not provide the number of bytes specified by the Content-Length HTTP header")]
    IncompleteBody,
    /// The caller lacks a permission.
    #[error("{0}")]
    AccessDenied(String),
    /// The bucket exists.
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou,
    /// A bucket with objects cannot be deleted.
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty,
    /// The bucket has no policy.
    #[error("The bucket policy does not exist")]
    NoSuchBucketPolicy,
    /// The bucket has no CORS rules.
    #[error("The CORS configuration does not exist")]
    NoSuchCorsConfiguration,
    /// The bucket is no website.
    #[error("The specified bucket does not have a website configuration")]
    NoSuchWebsiteConfiguration,
    /// A name that is the start of a queue's path.
    #[error("The specified bucket is not valid.")]
    InvalidBucketName,
    /// A value is not valid.
    #[error("{0}")]
    InvalidArgument(String),
    /// A request is not valid.
    #[error("{0}")]
    InvalidRequest(String),
    /// A document of the request has not the form of the API.
    #[error("The XML you provided was not well-formed or did not validate against our published schema")]
    MalformedXml,
    /// A document of the request is malformed: the code, and the reason.
    #[error("{1}")]
    Malformed(&'static str, String),
    /// local-cloud does not have this.
    #[error("A header you provided implies functionality that is not implemented: {0}")]
    NotImplemented(&'static str),
    /// The store failed.
    #[error("We encountered an internal error. Please try again.")]
    Store(#[from] StoreError),
    /// A file could not be written or read.
    #[error("We encountered an internal error. Please try again.")]
    File(Arc<io::Error>),
}

impl From<io::Error> for S3Failure {
    fn from(error: io::Error) -> Self {
        Self::File(Arc::new(error))
    }
}

impl From<rusqlite::Error> for S3Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<serde_json::Error> for S3Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::File(Arc::new(io::Error::other(error)))
    }
}

impl S3Failure {
    /// The error code in the answer.
    fn code(&self) -> S3ErrorCode {
        match self {
            Self::NoSuchBucket => S3ErrorCode::NoSuchBucket,
            Self::NoSuchKey => S3ErrorCode::NoSuchKey,
            Self::NoSuchUpload => S3ErrorCode::NoSuchUpload,
            Self::InvalidPart => S3ErrorCode::InvalidPart,
            Self::InvalidPartOrder => S3ErrorCode::InvalidPartOrder,
            Self::EntityTooSmall => S3ErrorCode::EntityTooSmall,
            Self::EntityTooLarge => S3ErrorCode::EntityTooLarge,
            Self::PreconditionFailed => S3ErrorCode::PreconditionFailed,
            Self::InvalidRange => S3ErrorCode::InvalidRange,
            Self::BadDigest(_) => S3ErrorCode::BadDigest,
            Self::IncompleteBody => S3ErrorCode::IncompleteBody,
            Self::AccessDenied(_) => S3ErrorCode::AccessDenied,
            Self::BucketAlreadyOwnedByYou => S3ErrorCode::BucketAlreadyOwnedByYou,
            Self::BucketNotEmpty => S3ErrorCode::BucketNotEmpty,
            Self::NoSuchBucketPolicy => S3ErrorCode::NoSuchBucketPolicy,
            Self::NoSuchCorsConfiguration => S3ErrorCode::NoSuchCORSConfiguration,
            Self::NoSuchWebsiteConfiguration => S3ErrorCode::NoSuchWebsiteConfiguration,
            Self::InvalidBucketName => S3ErrorCode::InvalidBucketName,
            Self::InvalidArgument(_) => S3ErrorCode::InvalidArgument,
            Self::InvalidRequest(_) => S3ErrorCode::InvalidRequest,
            Self::MalformedXml => S3ErrorCode::MalformedXML,
            Self::Malformed(code, _) => {
                S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::InternalError)
            }
            Self::NotImplemented(_) => S3ErrorCode::NotImplemented,
            Self::Store(_) | Self::File(_) => S3ErrorCode::InternalError,
        }
    }
}

impl S3Failure {
    /// The answer to a request that fails before the wire library reads it.
    pub(crate) fn answer(self) -> Response<Body> {
        match S3Error::from(self).to_http_response() {
            Ok(response) => response.map(Body::new),
            // The document is a code and a message.
            Err(_) => Response::new(Body::empty()),
        }
    }
}

impl From<S3Failure> for S3Error {
    fn from(failure: S3Failure) -> Self {
        match &failure {
            S3Failure::Store(error) => tracing::error!(%error, "a call of S3 failed"),
            S3Failure::File(error) => tracing::error!(%error, "a call of S3 failed"),
            _ => {}
        }
        Self::with_message(failure.code(), failure.to_string())
    }
}
