//! The credential of a signed request.

use axum::http::{HeaderMap, header};

/// The credential of a signed request (Signature Version 4): `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
///
/// Source: AWS General Reference, "Signature Version 4 request elements".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CredentialScope {
    pub(super) access_key: String,
    pub(super) service: String,
}

impl CredentialScope {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let credential = authorization
            .split("Credential=")
            .nth(1)?
            .split([',', ' '])
            .next()?;
        // In theory an access key may contain slashes. The four parts after it never do.
        let mut parts = credential.rsplitn(5, '/');
        let (_terminator, service) = (parts.next()?, parts.next()?);
        let (_region, _date, access_key) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            access_key: access_key.to_owned(),
            service: service.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_read_from_a_signed_request() {
        let mut headers = HeaderMap::new();
        assert_eq!(CredentialScope::of(&headers), None);
        let value = "AWS4-HMAC-SHA256 Credential=AKIA1/20261123/eu-west-1/sqs/aws4_request, SignedHeaders=host, \
                     Signature=00";
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        let scope = CredentialScope::of(&headers).unwrap();
        assert_eq!(
            (scope.access_key.as_str(), scope.service.as_str()),
            ("AKIA1", "sqs")
        );
        headers.insert(header::AUTHORIZATION, "Basic abc".parse().unwrap());
        assert_eq!(CredentialScope::of(&headers), None);
    }
}
