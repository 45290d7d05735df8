//! Multipart uploads: their parts are files, which the completed object joins.

use cloud_store::Tx;
use md5::{Digest, Md5};
use rusqlite::OptionalExtension;

use crate::bucket;
use crate::error::S3Failure;
use crate::files::{Files, Written, hex};
use crate::headers::Headers;
use crate::object::remove_after_commit;

/// The smallest size of a part that is not the last one. Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits".
const MIN_PART: i64 = 5 * 1024 * 1024;
/// The largest number of a part. Source: as above.
pub(crate) const MAX_PART_NUMBER: i32 = 10_000;

/// An upload that was begun.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) created_at: i64,
    pub(crate) headers: Headers,
}

/// A part that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) number: i32,
    pub(crate) file: String,
    pub(crate) size: i64,
    pub(crate) etag: String,
    pub(crate) modified_at: i64,
}

/// Begins an upload.
pub(crate) fn create(tx: &Tx<'_>, bucket: &str, upload: &Upload) -> Result<(), S3Failure> {
    if !bucket::exists(tx, bucket)? {
        return Err(S3Failure::NoSuchBucket);
    }
    let sql = "INSERT INTO uploads (id, bucket, key, created_at, headers) VALUES (?1, ?2, ?3, ?4, ?5)";
    let headers = serde_json::to_string(&upload.headers)?;
    tx.prepare_cached(sql)?
        .execute((&upload.id, bucket, &upload.key, upload.created_at, headers))?;
    Ok(())
}

/// Reads an upload of this key.
pub(crate) fn find(tx: &Tx<'_>, bucket: &str, key: &str, id: &str) -> Result<Upload, S3Failure> {
    let sql = "SELECT created_at, headers FROM uploads WHERE id = ?1 AND bucket = ?2 AND key = ?3";
    let row = tx
        .prepare_cached(sql)?
        .query_row((id, bucket, key), |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    let (created_at, headers) = row.ok_or(S3Failure::NoSuchUpload)?;
    Ok(Upload {
        id: id.to_owned(),
        key: key.to_owned(),
        created_at,
        headers: serde_json::from_str(&headers)?,
    })
}

/// All uploads of a bucket whose keys begin so, by key.
pub(crate) fn of_bucket(tx: &Tx<'_>, bucket: &str, prefix: &str) -> Result<Vec<Upload>, S3Failure> {
    if !bucket::exists(tx, bucket)? {
        return Err(S3Failure::NoSuchBucket);
    }
    let sql = "SELECT id, key, created_at FROM uploads WHERE bucket = ?1 ORDER BY key, id";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([bucket], |row| {
        Ok(Upload {
            id: row.get(0)?,
            key: row.get(1)?,
            created_at: row.get(2)?,
            headers: Headers::default(),
        })
    })?;
    let all = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(all
        .into_iter()
        .filter(|upload| upload.key.starts_with(prefix))
        .collect())
}

/// Stores a part. It replaces an earlier part of the same number.
pub(crate) fn put_part(
    tx: &Tx<'_>,
    files: &Files,
    upload: &str,
    number: i32,
    mut written: Written,
    modified_at: i64,
) -> Result<(), S3Failure> {
    let old = parts(tx, upload)?.into_iter().find(|part| part.number == number);
    let sql = "INSERT OR REPLACE INTO parts (upload, number, file, size, etag, modified_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    tx.prepare_cached(sql)?.execute((
        upload,
        number,
        written.name(),
        written.size,
        &written.md5,
        modified_at,
    ))?;
    remove_after_commit(tx, files, old.map(|part| part.file));
    tx.on_commit(move || written.keep());
    Ok(())
}

/// The parts of an upload by number.
pub(crate) fn parts(tx: &Tx<'_>, upload: &str) -> Result<Vec<Part>, S3Failure> {
    let sql = "SELECT number, file, size, etag, modified_at FROM parts WHERE upload = ?1 ORDER BY number";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([upload], |row| {
        Ok(Part {
            number: row.get(0)?,
            file: row.get(1)?,
            size: row.get(2)?,
            etag: row.get(3)?,
            modified_at: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deletes an upload and its parts. Their files are removed after the commit.
pub(crate) fn delete(tx: &Tx<'_>, files: &Files, upload: &str) -> Result<(), S3Failure> {
    let parts = parts(tx, upload)?;
    tx.prepare_cached("DELETE FROM parts WHERE upload = ?1")?
        .execute([upload])?;
    tx.prepare_cached("DELETE FROM uploads WHERE id = ?1")?
        .execute([upload])?;
    remove_after_commit(tx, files, parts.into_iter().map(|part| part.file));
    Ok(())
}

/// Selects the parts of the completed object, and checks them as AWS does. Source: Amazon S3 API Reference,
/// `CompleteMultipartUpload`, "Special errors".
pub(crate) fn select(uploaded: &[Part], wanted: &[(i32, Option<String>)]) -> Result<Vec<Part>, S3Failure> {
    if wanted.is_empty() {
        let message =
            "The XML you provided was not well-formed or did not validate against our published schema";
        return Err(S3Failure::Malformed("MalformedXML", message.to_owned()));
    }
    if !wanted.is_sorted_by(|(before, _), (after, _)| before < after) {
        return Err(S3Failure::InvalidPartOrder);
    }
    let selected = wanted.iter().map(|(number, etag)| {
        let part = uploaded.iter().find(|part| part.number == *number);
        let part = part.filter(|part| etag.as_ref().is_none_or(|etag| *etag == part.etag));
        part.cloned().ok_or(S3Failure::InvalidPart)
    });
    let selected = selected.collect::<Result<Vec<_>, _>>()?;
    match selected.split_last() {
        Some((_, others)) if others.iter().any(|part| part.size < MIN_PART) => Err(S3Failure::EntityTooSmall),
        _ => Ok(selected),
    }
}

/// The `ETag` of an object of parts: the MD5 digest of their digests, and their number.
pub(crate) fn etag(parts: &[Part]) -> String {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(from_hex(&part.etag));
    }
    format!("{}-{}", hex(&digest.finalize()), parts.len())
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter_map(|digit| char::from(digit).to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(number: i32, size: i64, etag: &str) -> Part {
        Part {
            number,
            file: String::new(),
            size,
            etag: etag.to_owned(),
            modified_at: 0,
        }
    }

    #[test]
    fn the_parts_of_a_completed_upload_are_checked() {
        let uploaded = [part(1, MIN_PART, "a"), part(2, 1, "b"), part(3, 1, "c")];
        let wanted = |list: &[(i32, &str)]| {
            let list: Vec<_> = list
                .iter()
                .map(|(n, etag)| (*n, Some((*etag).to_owned())))
                .collect();
            select(&uploaded, &list)
                .map(|parts| parts.len())
                .map_err(|error| error.to_string())
        };
        assert_eq!(wanted(&[(1, "a"), (2, "b")]), Ok(2));
        assert_eq!(wanted(&[(1, "a"), (3, "c")]), Ok(2));
        for (list, failure) in [
            (vec![(2, "b"), (1, "a")], S3Failure::InvalidPartOrder),
            (vec![(1, "a"), (1, "a")], S3Failure::InvalidPartOrder),
            (vec![(1, "b")], S3Failure::InvalidPart),
            (vec![(4, "d")], S3Failure::InvalidPart),
            (vec![(1, "a"), (2, "b"), (3, "c")], S3Failure::EntityTooSmall),
        ] {
            assert_eq!(wanted(&list), Err(failure.to_string()));
        }
        assert!(wanted(&[]).is_err());
    }

    /// Computed with Python: `hashlib.md5(md5(b"a").digest() + md5(b"b").digest())`.
    #[test]
    fn the_etag_of_parts_is_the_digest_of_their_digests() {
        let parts = [
            part(1, 1, "0cc175b9c0f1b6a831c399e269772661"),
            part(2, 1, "92eb5ffee6ae2fec3ad71c777531578f"),
        ];
        assert_eq!(etag(&parts), "96e024ba2074fe77e8e965ba43a704be-2");
    }
}
