//! The answers of the code have the forms that the contract states.

use super::*;

/// A validator of one schema of the document. Every schema is closed first, so that a field that the document lacks is found.
fn validator(name: &str) -> jsonschema::Validator {
    let mut document: Value = serde_json::from_str(crate::openapi::DOCUMENT).unwrap();
    for schema in document["components"]["schemas"]
        .as_object_mut()
        .unwrap()
        .values_mut()
    {
        if schema["properties"].is_object() {
            schema["additionalProperties"] = json!(false);
        } else if let Some(schema) = schema.as_object_mut() {
            // `schema["properties"]` above added a null.
            schema.remove("properties");
        }
    }
    document["$ref"] = json!(format!("#/components/schemas/{name}"));
    jsonschema::validator_for(&document).unwrap()
}

#[track_caller]
fn assert_valid(schema: &str, document: &Value) {
    let errors: Vec<String> = validator(schema)
        .iter_errors(document)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{schema}: {errors:?} in {document:#}");
}

#[tokio::test]
async fn answers_have_the_stated_forms() {
    let api = api();
    assert_valid("Book", &book());
    assert_valid("StoredBook", &api.send("POST", "/books", &[], &book()).await.body);
    assert_valid("StoredBook", &api.get(PATH).await.body);
    assert_valid("BookList", &api.get("/books?limit=1").await.body);
    for cover in ["ready 0A 500x750", "refused too_small"] {
        api.catalogue.set_cover(cover);
        assert_valid("StoredBook", &api.get(PATH).await.body);
    }
    let request = json!({"content_type": "image/png", "size": 7});
    assert_valid("UploadRequest", &request);
    let form = api.send("POST", &format!("{PATH}/cover"), &[], &request).await;
    assert_valid("UploadForm", &form.body);
    for (method, path) in [
        ("GET", "/books?limit=0"),
        ("GET", "/books/9780306406157"),
        ("POST", "/books"),
        ("PUT", PATH),
        ("PATCH", "/books"),
    ] {
        let answer = api.send(method, path, &[], &json!({})).await;
        assert_valid("Problem", &answer.body);
        assert_eq!(answer.body["status"], answer.status);
    }
}

#[test]
fn a_field_that_the_contract_lacks_is_found() {
    let mut document =
        json!({"type": "urn:shop:problem:internal", "title": "T", "status": 500, "detail": "d"});
    assert_valid("Problem", &document);
    document["hint"] = json!("x");
    assert!(!validator("Problem").is_valid(&document));
}
