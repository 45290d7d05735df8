//! Uploads the cover of a book by the form that the catalogue signs.

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stack_client::problem::format_problem;
use stack_client::{Api, Connection};

/// Separates the parts of a form. No field and no picture has it.
const BOUNDARY: &str = "orderctl-7f1b9c04d2a84be5";

/// The form of `POST /books/{isbn}/cover`.
#[derive(Deserialize)]
struct Form {
    url: String,
    fields: Map<String, Value>,
}

/// Uploads a JPEG file as the cover of a book.
pub(super) async fn upload(
    catalogue: &Api,
    connection: &Connection,
    isbn: &str,
    jpeg: &[u8],
) -> anyhow::Result<()> {
    let asked = json!({"content_type": "image/jpeg", "size": jpeg.len()});
    let request = catalogue.post(&format!("/books/{isbn}/cover")).json(&asked);
    let response = catalogue.send(request).await?;
    let status = response.status();
    let body = response.bytes().await?;
    anyhow::ensure!(
        status.is_success(),
        "the cover of {isbn} was not taken: {}",
        format_problem(status, &body)
    );
    let form: Form = serde_json::from_slice(&body).context("the form of an upload cannot be read")?;
    let client = connection.local_http(&form.url)?;
    let sent = client
        .post(&form.url)
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(encoded(&form.fields, jpeg));
    let status = sent
        .send()
        .await
        .context("the bucket of the uploads cannot be reached")?
        .status();
    anyhow::ensure!(
        status.is_success(),
        "S3 did not take the cover of {isbn}: {status}"
    );
    Ok(())
}

/// The form with the file at its end. Source: RFC 7578.
fn encoded(fields: &Map<String, Value>, file: &[u8]) -> Vec<u8> {
    let fields = fields.iter().map(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    let fields: String = fields.collect();
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cover.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    [fields.as_bytes(), head.as_bytes(), file, end.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_at_the_end_of_the_form() {
        let fields = Map::from_iter([("key".to_owned(), json!("uploads/1"))]);
        let form = String::from_utf8(encoded(&fields, b"bytes")).unwrap();
        assert_eq!(
            form,
            "--orderctl-7f1b9c04d2a84be5\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nuploads/1\r\n\
             --orderctl-7f1b9c04d2a84be5\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cover.jpg\"\r\n\
             Content-Type: image/jpeg\r\n\r\nbytes\r\n--orderctl-7f1b9c04d2a84be5--\r\n"
        );
    }
}
