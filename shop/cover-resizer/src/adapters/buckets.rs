//! The bucket of the uploads, and the bucket of the covers.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use book_cover::folder;
use cover_pictures::limits::MAX_BYTES;
use function_runtime::CallError;
use function_runtime::aws::call_error;
use function_runtime::call_error::code;

use crate::ports::{Content, Upload};

/// A picture never changes under its key.
const CACHE: &str = "public, max-age=31536000, immutable";

pub(super) async fn read(client: &Client, upload: &Upload) -> Result<Content, CallError> {
    let call = client
        .get_object()
        .bucket(&upload.bucket)
        .key(&upload.key)
        .if_match(format!("\"{}\"", upload.etag));
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) if is_replaced(&error) => return Ok(Content::Replaced),
        Err(error) => return Err(call_error(&error)),
    };
    let length = answer
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    if length.is_none_or(|length| length > MAX_BYTES) {
        return Ok(Content::TooLarge);
    }
    let bytes = answer.body.collect().await;
    let bytes = bytes.map_err(|_| CallError::new(code::UNREADABLE_ANSWER))?;
    Ok(Content::File(bytes.to_vec()))
}

/// 412: the object has another entity tag than the event says.
fn is_replaced<E>(error: &SdkError<E>) -> bool {
    error
        .raw_response()
        .is_some_and(|response| response.status().as_u16() == 412)
}

/// The keys of the pictures of a book. A book has those of one upload, and those that were not removed yet, so one page is enough.
pub(super) async fn pictures(client: &Client, bucket: &str, isbn: &str) -> Result<Vec<String>, CallError> {
    let call = client.list_objects_v2().bucket(bucket).prefix(folder(isbn));
    let listed = call.send().await.map_err(|error| call_error(&error))?;
    let keys = listed.contents.unwrap_or_default().into_iter();
    Ok(keys.filter_map(|object| object.key).collect())
}

pub(super) async fn remove(client: &Client, bucket: &str, keys: Vec<String>) -> Result<(), CallError> {
    let objects = keys
        .into_iter()
        .map(|key| ObjectIdentifier::builder().key(key).build());
    let objects = objects.collect::<Result<Vec<_>, _>>();
    let delete = objects.and_then(|objects| Delete::builder().set_objects(Some(objects)).quiet(true).build());
    // Each object has a key, and there is a list of them.
    let delete = delete.map_err(|_| CallError::new(code::UNREADABLE_ANSWER))?;
    let call = client.delete_objects().bucket(bucket).delete(delete);
    let answer = call.send().await.map_err(|error| call_error(&error))?;
    match answer.errors.unwrap_or_default().into_iter().next() {
        None => Ok(()),
        Some(error) => Err(CallError::new(error.code.unwrap_or_default())),
    }
}

pub(super) async fn write(client: &Client, bucket: &str, key: &str, jpeg: Vec<u8>) -> Result<(), CallError> {
    let call = client
        .put_object()
        .bucket(bucket)
        .key(key)
        .content_type("image/jpeg")
        .cache_control(CACHE)
        .body(ByteStream::from(jpeg));
    call.send().await.map(drop).map_err(|error| call_error(&error))
}
