//! `PUT` and `DELETE` of a book that the client has read, or not.

use super::*;

/// A change that was prepared before cover-resizer has recorded a cover is refused, and the next one keeps the cover.
#[tokio::test]
async fn a_change_keeps_the_cover() {
    let api = api();
    let created = api.send("POST", "/books", &[], &book()).await;
    api.catalogue.set_cover("ready 0A 500x750");
    let mut changed = book();
    changed["price"] = json!("20.00");
    let before = [("if-match", created.header("etag"))];
    assert_eq!(api.send("PUT", PATH, &before, &changed).await.status, 412);
    let tag = api.get(PATH).await.header("etag").to_owned();
    let after = api.send("PUT", PATH, &[("if-match", &tag)], &changed).await;
    assert_eq!(after.status, 200);
    assert_eq!(
        after.body["cover"],
        json!({
            "state": "ready", "width": 500, "height": 750,
            "pictures": [
                {"width": 160, "path": "covers/9783161484100/0A-160.jpg"},
                {"width": 320, "path": "covers/9783161484100/0A-320.jpg"},
                {"width": 500, "path": "covers/9783161484100/0A-640.jpg"},
            ],
        })
    );
}

fn cheaper() -> Value {
    let mut book = book();
    book["price"] = json!("9.90");
    book
}

/// An API with the book, and the book's entity tag.
async fn with_book() -> (CatalogApi<Memory>, String) {
    let api = api();
    let created = api.send("POST", "/books", &[], &book()).await;
    let tag = created.header("etag").to_owned();
    (api, tag)
}

#[tokio::test]
async fn the_version_that_was_read_can_be_changed() {
    let (api, tag) = with_book().await;
    let changed = api.send("PUT", PATH, &[("if-match", &tag)], &cheaper()).await;
    assert_eq!(
        (changed.status, &changed.body["price"], &changed.body["version"]),
        (200, &json!("9.90"), &json!(2))
    );
    let read = api.get(PATH).await;
    assert_eq!(
        (read.header("etag"), &read.body),
        (changed.header("etag"), &changed.body)
    );
    // The first tag names a version that is gone.
    for method in ["PUT", "DELETE"] {
        let late = api.send(method, PATH, &[("if-match", &tag)], &cheaper()).await;
        assert_eq!(
            (late.status, &late.body["type"]),
            (412, &json!("urn:shop:problem:changed")),
            "{method}"
        );
    }
    assert_eq!(api.get(PATH).await.body["version"], 2);
}

#[tokio::test]
async fn a_change_between_the_read_and_the_write_is_not_lost() {
    let (api, tag) = with_book().await;
    for method in ["PUT", "DELETE"] {
        let tag = if method == "PUT" { &tag } else { "*" };
        api.catalogue.fail(Fault::Race);
        let raced = api.send(method, PATH, &[("if-match", tag)], &cheaper()).await;
        assert_eq!(raced.status, 412, "{method}");
    }
    assert_eq!(api.get(PATH).await.body["price"], "18.90");
}

#[tokio::test]
async fn a_write_that_the_sdk_repeats_succeeds() {
    let (api, tag) = with_book().await;
    api.catalogue.fail(Fault::RepeatedWrite);
    let changed = api.send("PUT", PATH, &[("if-match", &tag)], &cheaper()).await;
    assert_eq!((changed.status, &changed.body["version"]), (200, &json!(2)));
    api.catalogue.fail(Fault::RepeatedWrite);
    assert_eq!(
        api.send("DELETE", PATH, &[("if-match", "*")], &Value::Null)
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn a_deleted_book_is_gone() {
    let (api, tag) = with_book().await;
    let deleted = api
        .send("DELETE", PATH, &[("if-match", &tag)], &Value::Null)
        .await;
    assert_eq!((deleted.status, deleted.body), (204, Value::Null));
    for method in ["GET", "DELETE"] {
        let gone = api.send(method, PATH, &[("if-match", &tag)], &Value::Null).await;
        assert_eq!(
            (gone.status, &gone.body["type"]),
            (404, &json!("urn:shop:problem:book-not-found"))
        );
    }
}

/// The pictures go with the book. If they cannot, the book is gone all the same.
#[tokio::test]
async fn a_deleted_book_takes_its_pictures_along() {
    for fault in [Fault::None, Fault::NoBucket] {
        let (api, _) = with_book().await;
        api.catalogue.set_cover("ready 0A 200x300");
        api.catalogue.fail(fault);
        let deleted = api.send("DELETE", PATH, &[("if-match", "*")], &Value::Null).await;
        assert_eq!(deleted.status, 204, "{}", deleted.body);
        assert_eq!(api.get(PATH).await.status, 404);
        let expected = match fault {
            Fault::None => [160, 320, 640]
                .map(|width| format!("covers/9783161484100/0A-{width}.jpg"))
                .to_vec(),
            _ => Vec::new(),
        };
        assert_eq!(*api.catalogue.removed.lock().unwrap(), expected);
    }
    let (api, tag) = with_book().await;
    api.send("DELETE", PATH, &[("if-match", &tag)], &Value::Null)
        .await;
    assert!(api.catalogue.removed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_change_names_what_it_changes() {
    let (api, tag) = with_book().await;
    assert_eq!(api.send("PUT", PATH, &[], &cheaper()).await.status, 428);
    assert_eq!(api.send("DELETE", PATH, &[], &Value::Null).await.status, 428);
    let weak = format!("W/{tag}");
    assert_eq!(
        api.send("PUT", PATH, &[("if-match", &weak)], &cheaper())
            .await
            .status,
        412
    );
    let other = api
        .send("PUT", "/books/0306406152", &[("if-match", &tag)], &cheaper())
        .await;
    assert_eq!(
        (other.status, &other.body["errors"][0]["pointer"]),
        (422, &json!("/isbn"))
    );
    let no_isbn = api
        .send("PUT", "/books/12", &[("if-match", &tag)], &cheaper())
        .await;
    assert_eq!(
        (no_isbn.status, &no_isbn.body["type"]),
        (404, &json!("urn:shop:problem:not-found"))
    );
}
