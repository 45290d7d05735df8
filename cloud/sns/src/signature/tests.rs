use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cloud_store::{Durability, Location, Store};
use rsa::PublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::sha2::Sha256;
use sha1::Sha1;

use super::*;
use crate::MIGRATIONS;

const FIELDS: SignedFields<'_> = SignedFields {
    kind: "Notification",
    message_id: "id",
    topic_arn: "arn:t",
    text: "two\nlines",
    timestamp: "2026-01-01T00:00:00.000Z",
    subject: Some("Hi"),
    subscribe: None,
};

#[test]
fn the_signed_text_has_the_fields_of_the_message_type_in_the_order_of_their_names() {
    assert_eq!(
        FIELDS.string_to_sign(),
        "Message\ntwo\nlines\nMessageId\nid\nSubject\nHi\nTimestamp\n2026-01-01T00:00:00.000Z\nTopicArn\narn:t\n\
         Type\nNotification\n"
    );
    let confirmation = SignedFields {
        kind: "SubscriptionConfirmation",
        subject: None,
        subscribe: Some(("http://x", "abc")),
        text: "m",
        ..FIELDS
    };
    assert_eq!(
        confirmation.string_to_sign(),
        "Message\nm\nMessageId\nid\nSubscribeURL\nhttp://x\nTimestamp\n2026-01-01T00:00:00.000Z\nToken\nabc\n\
         TopicArn\narn:t\nType\nSubscriptionConfirmation\n"
    );
}

#[tokio::test]
async fn a_directory_keeps_its_key_and_signs_in_both_versions() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Disk(directory.path().join("state.db"));
    let open = || {
        let migrations = [&cloud_sqs::MIGRATIONS[..], &MIGRATIONS].concat();
        Store::open(&location, Durability::Process, &migrations).unwrap()
    };
    let store = open();
    let key = Signer::default().key(&store).await.unwrap();
    store.close().await;
    let store = open();
    let again = Signer::default().key(&store).await.unwrap();
    assert_eq!(key.certificate(), again.certificate());
    assert_eq!(key.file_name(), again.file_name());

    // A certificate holds the public key as it is.
    let pem: String = again
        .certificate()
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let der = STANDARD.decode(pem).unwrap();
    let sequence = [0x30, 0x82, 0x01, 0x0a];
    let at = der.windows(4).position(|window| window == sequence).unwrap();
    let public_key = PublicKey::from_pkcs1_der(&der[at..at + 4 + 0x010a]).unwrap();
    let text = FIELDS.string_to_sign();
    let signature = |version| {
        STANDARD
            .decode(again.sign(version, &FIELDS).unwrap().value)
            .unwrap()
    };
    let (v1, v2) = (signature(SignatureVersion::V1), signature(SignatureVersion::V2));
    public_key.pkcs1v15_verify::<Sha1>(text.as_bytes(), &v1).unwrap();
    public_key
        .pkcs1v15_verify::<Sha256>(text.as_bytes(), &v2)
        .unwrap();
    assert!(
        public_key
            .pkcs1v15_verify::<Sha256>(b"another text", &v2)
            .is_err()
    );
}
