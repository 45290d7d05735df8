//! The key that signs, and its certificate.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use getrandom::SysRng;
use rcgen::{CertificateParams, DnType, KeyIdMethod, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm};
use rsa::PrivateKey;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rsa::sha2::{Digest, Sha256};
use uuid::Uuid;

use super::fields::{Signature, SignatureVersion, SignedFields};
use crate::error::SnsError;

/// The size of the key. AWS's certificates have the same.
const BITS: usize = 2048;

/// A private key with its self-signed certificate.
#[derive(Debug)]
pub(crate) struct SigningKey {
    key: PrivateKey,
    certificate: String,
    file_name: String,
}

impl SigningKey {
    /// Creates a new key and a certificate for it.
    pub(super) fn generate() -> Result<Self, SnsError> {
        let key = PrivateKey::new(&mut SysRng, BITS).map_err(internal)?;
        let certificate = certify(&key)?;
        Ok(Self::new(key, certificate))
    }

    /// Reads a key that was stored.
    pub(super) fn restore(private_key: &[u8], certificate: String) -> Result<Self, SnsError> {
        let key = PrivateKey::from_pkcs8_der(private_key).map_err(internal)?;
        Ok(Self::new(key, certificate))
    }

    fn new(key: PrivateKey, certificate: String) -> Self {
        let hash = Uuid::new_v5(&Uuid::NAMESPACE_OID, certificate.as_bytes()).simple();
        Self {
            key,
            certificate,
            file_name: format!("SimpleNotificationService-{hash}.pem"),
        }
    }

    /// The private key in the form in which it is stored (PKCS #8).
    pub(super) fn private_key(&self) -> Result<Vec<u8>, SnsError> {
        let document = self.key.to_pkcs8_der().map_err(internal)?;
        Ok(document.as_bytes().to_vec())
    }

    /// The certificate in PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The name of the certificate in `SigningCertURL`.
    pub(crate) fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Signs the fields of a message.
    pub(crate) fn sign(
        &self,
        version: SignatureVersion,
        fields: &SignedFields<'_>,
    ) -> Result<Signature, SnsError> {
        let text = fields.string_to_sign();
        let signature = match version {
            SignatureVersion::V1 => self.key.pkcs1v15_sign::<sha1::Sha1>(text.as_bytes()),
            SignatureVersion::V2 => self.key.pkcs1v15_sign::<Sha256>(text.as_bytes()),
        };
        Ok(Signature {
            version,
            value: STANDARD.encode(signature.map_err(internal)?),
        })
    }
}

/// Makes a certificate that the key signs itself.
fn certify(key: &PrivateKey) -> Result<String, SnsError> {
    let issuer = Issuer {
        public_key: key.as_public_key().to_pkcs1_der().map_err(internal)?.into_vec(),
        key,
    };
    let mut parameters = CertificateParams::default();
    parameters
        .distinguished_name
        .push(DnType::CommonName, "sns.amazonaws.com (local)");
    let identifier = Sha256::digest(&issuer.public_key);
    parameters.key_identifier_method = KeyIdMethod::PreSpecified(identifier[..20].to_vec());
    parameters.serial_number = Some(identifier[..16].to_vec().into());
    let certificate = parameters.self_signed(&issuer).map_err(internal)?;
    Ok(certificate.pem())
}

/// The key as the certificate's library wants it.
struct Issuer<'a> {
    key: &'a PrivateKey,
    public_key: Vec<u8>,
}

impl PublicKeyData for Issuer<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public_key
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl rcgen::SigningKey for Issuer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.key.pkcs1v15_sign::<Sha256>(message);
        signature.map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

fn internal(error: impl std::fmt::Display) -> SnsError {
    SnsError::Internal(format!("the signing key failed: {error}"))
}
