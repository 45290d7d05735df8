//! Lists the keys of a bucket in the order of their bytes, with prefixes that stand for many keys.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloud_store::Tx;
use rusqlite::OptionalExtension;

use crate::bucket;
use crate::error::S3Failure;

/// The largest number of entries in one answer. Source: Amazon S3 API Reference, `ListObjectsV2`, `MaxKeys`.
pub(crate) const MAX_KEYS: i32 = 1000;

/// A question for one answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pub(crate) bucket: String,
    pub(crate) prefix: String,
    pub(crate) delimiter: Option<String>,
    /// The first key that may be in the answer.
    pub(crate) from: String,
    pub(crate) max_keys: usize,
}

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Listed>,
    pub(crate) prefixes: Vec<String>,
    /// Where the next answer begins, if this is not the last one.
    pub(crate) next: Option<String>,
}

/// An object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) size: i64,
    pub(crate) etag: String,
    pub(crate) modified_at: i64,
}

/// Reads one answer. Each entry is one look-up by the primary key, so that keys below a common prefix are passed over.
pub(crate) fn list(tx: &Tx<'_>, query: &Query) -> Result<Page, S3Failure> {
    if !bucket::exists(tx, &query.bucket)? {
        return Err(S3Failure::NoSuchBucket);
    }
    let mut page = Page::default();
    let mut from = query.from.as_str().max(query.prefix.as_str()).to_owned();
    while let Some(found) = first_from(tx, &query.bucket, &from)? {
        let Some(rest) = found.key.strip_prefix(query.prefix.as_str()) else {
            break;
        };
        if page.objects.len() + page.prefixes.len() >= query.max_keys {
            page.next = Some(from);
            break;
        }
        let Some(prefix) = common_prefix(&query.prefix, rest, query.delimiter.as_deref()) else {
            from = after_key(&found.key);
            page.objects.push(found);
            continue;
        };
        let after = successor(&prefix);
        page.prefixes.push(prefix);
        match after {
            Some(after) => from = after,
            None => break,
        }
    }
    Ok(page)
}

fn first_from(tx: &Tx<'_>, bucket: &str, from: &str) -> Result<Option<Listed>, S3Failure> {
    let sql = "SELECT key, size, etag, modified_at FROM objects WHERE bucket = ?1 AND key >= ?2 ORDER BY key LIMIT 1";
    let found = tx.prepare_cached(sql)?.query_row((bucket, from), |row| {
        Ok(Listed {
            key: row.get(0)?,
            size: row.get(1)?,
            etag: row.get(2)?,
            modified_at: row.get(3)?,
        })
    });
    Ok(found.optional()?)
}

/// The prefix that stands for a key, if the rest of the key after the asked prefix has the delimiter.
fn common_prefix(prefix: &str, rest: &str, delimiter: Option<&str>) -> Option<String> {
    let delimiter = delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let at = rest.find(delimiter)?;
    Some(format!("{prefix}{}{delimiter}", rest.get(..at)?))
}

/// The first key after this one.
pub(crate) fn after_key(key: &str) -> String {
    format!("{key}\0")
}

/// The first key of the answer after a marker of `ListObjects`, which is a key or a common prefix. `None` if there can be none.
pub(crate) fn after_marker(marker: &str, prefix: Option<&str>, delimiter: Option<&str>) -> Option<String> {
    let rest = marker.strip_prefix(prefix.unwrap_or_default()).unwrap_or(marker);
    let is_prefix = delimiter.is_some_and(|delimiter| {
        !delimiter.is_empty() && rest.find(delimiter) == rest.len().checked_sub(delimiter.len())
    });
    match marker {
        "" => Some(String::new()),
        _ if is_prefix => successor(marker),
        _ => Some(after_key(marker)),
    }
}

/// The first key that is after all keys with this prefix. `None` if there can be none.
fn successor(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Between the two halves of the code points are the surrogates, which are no characters.
        let next = if last == '\u{D7FF}' {
            0xE000
        } else {
            u32::from(last) + 1
        };
        if let Some(next) = char::from_u32(next) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

/// The token with which a caller asks for the next answer.
pub(crate) fn token(next: &str) -> String {
    URL_SAFE_NO_PAD.encode(next)
}

/// Reads a token of [`token`].
pub(crate) fn from_token(token: &str) -> Result<String, S3Failure> {
    let refused = || S3Failure::InvalidArgument("The continuation token provided is incorrect".to_owned());
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| refused())?;
    String::from_utf8(bytes).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_of_a_prefix_is_after_all_of_its_keys() {
        assert_eq!(successor("a/").as_deref(), Some("a0"));
        assert_eq!(successor("a\u{D7FF}").as_deref(), Some("a\u{E000}"));
        assert_eq!(successor("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(successor("\u{10FFFF}"), None);
    }

    #[test]
    fn a_key_with_the_delimiter_is_below_a_prefix() {
        assert_eq!(common_prefix("", "a/b/c", Some("/")).as_deref(), Some("a/"));
        assert_eq!(common_prefix("a/", "b/c", Some("/")).as_deref(), Some("a/b/"));
        assert_eq!(common_prefix("a/", "b", Some("/")), None);
        assert_eq!(common_prefix("", "a/b", None), None);
        assert_eq!(common_prefix("", "a/b", Some("")), None);
    }

    #[test]
    fn a_token_is_read_as_it_was_written() {
        assert_eq!(from_token(&token("a/\u{e9}\0")).unwrap(), "a/\u{e9}\0");
        assert!(from_token("!").is_err());
    }
}
