//! The form by which a browser uploads a file to S3 (POST policies).

/// A form, ready to send.
#[derive(Debug)]
pub struct UploadForm {
    /// The header `Content-Type`, which names the boundary.
    pub content_type: String,
    /// The fields, and then the file.
    pub body: Vec<u8>,
}

/// Separates the parts of a form. No field and no file has it.
const BOUNDARY: &str = "test-2f7a9c51d0b84e63";

impl UploadForm {
    /// Writes a form of these fields and a file.
    pub fn new<'f>(fields: impl IntoIterator<Item = (&'f str, &'f str)>, file: &[u8]) -> Self {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("content-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(format!("--{BOUNDARY}\r\n{part}").into_bytes());
        }
        let head = "content-disposition: form-data; name=\"file\"; filename=\"photo.jpg\"\r\n\r\n";
        body.extend(format!("--{BOUNDARY}\r\n{head}").into_bytes());
        body.extend(file);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
        Self {
            content_type: format!("multipart/form-data; boundary={BOUNDARY}"),
            body,
        }
    }
}
