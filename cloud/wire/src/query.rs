//! Answers of the Query protocol.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::xml::Xml;

/// Builds `<ActionResponse>` with the result and the request id.
#[must_use]
pub fn success(namespace: &str, action: &str, result: &Xml, request_id: &str) -> Response<Bytes> {
    let mut xml = Xml::default();
    xml.element(&format!("{action}Response xmlns=\"{namespace}\""), |xml| {
        xml.element(&format!("{action}Result"), |xml| {
            xml.append(result);
        });
        xml.element("ResponseMetadata", |xml| {
            xml.text("RequestId", request_id);
        });
    });
    response(StatusCode::OK, xml)
}

/// Builds `<ErrorResponse>` with the error code and the message.
#[must_use]
pub fn failure(namespace: &str, status: u16, code: &str, message: &str, request_id: &str) -> Response<Bytes> {
    let fault = if status >= 500 { "Receiver" } else { "Sender" };
    let mut xml = Xml::default();
    xml.element(&format!("ErrorResponse xmlns=\"{namespace}\""), |xml| {
        xml.element("Error", |xml| {
            xml.text("Type", fault)
                .text("Code", code)
                .text("Message", message);
        });
        xml.text("RequestId", request_id);
    });
    response(
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        xml,
    )
}

fn response(status: StatusCode, xml: Xml) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(xml.into_string()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}
