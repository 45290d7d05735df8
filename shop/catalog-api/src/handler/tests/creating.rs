//! `POST /books`.

use super::*;

#[tokio::test]
async fn a_book_is_created_once() {
    let api = api();
    let first = api.send("POST", "/books", &[], &book()).await;
    assert_eq!(
        (first.status, first.header("location")),
        (201, "/dev/books/9783161484100")
    );
    insta::assert_snapshot!(format!("{:#}", first.body), @r#"
    {
      "authors": [
        "Mara Quill"
      ],
      "cover": {
        "state": "none"
      },
      "created_at": "2026-11-29T12:00:00.000Z",
      "currency": "EUR",
      "isbn": "9783161484100",
      "price": "18.90",
      "stock": "in_stock",
      "title": "The Lighthouse Index",
      "updated_at": "2026-11-29T12:00:00.000Z",
      "version": 1
    }
    "#);
    // The same book again, in another spelling.
    let mut same = book();
    same["isbn"] = json!("3-16-148410-X");
    same["stock"] = json!("in_stock");
    let again = api.send("POST", "/books", &[], &same).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("etag"), first.header("etag"));
    for path in ["/books/3-16-148410-X", "/books/978%203%2016%20148410%200"] {
        let read = api.get(path).await;
        assert_eq!((read.status, &read.body), (200, &first.body), "{path}");
    }
    let read = api.get("/books/9783161484100").await;
    assert_eq!(read.header("etag"), first.header("etag"));
}

#[tokio::test]
async fn another_book_with_the_isbn_is_refused() {
    let api = api();
    api.send("POST", "/books", &[], &book()).await;
    let mut other = book();
    other["price"] = json!("1.00");
    let refused = api.send("POST", "/books", &[], &other).await;
    assert_eq!(
        (refused.status, &refused.body["type"]),
        (409, &json!("urn:shop:problem:book-exists"))
    );
    assert_eq!(api.get(PATH).await.body["price"], "18.90");
}

#[tokio::test]
async fn a_write_that_the_sdk_repeats_counts_once() {
    let api = api();
    api.catalogue.fail(Fault::RepeatedWrite);
    let created = api.send("POST", "/books", &[], &book()).await;
    assert_eq!((created.status, &created.body["version"]), (200, &json!(1)));
}

#[tokio::test]
async fn what_is_wrong_has_a_pointer() {
    let answer = api()
        .send("POST", "/books", &[], &json!({"isbn": "9783161484101"}))
        .await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.body["errors"][0]["pointer"], "/isbn");
    assert_eq!(answer.body["errors"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_failure_is_an_answer() {
    let api = api();
    api.catalogue.fail(Fault::Away);
    let away = api.send("POST", "/books", &[], &book()).await;
    assert_eq!((away.status, away.header("retry-after")), (503, "1"));
    assert_eq!(api.get("/books").await.status, 503);
    api.catalogue.fail(Fault::Panic);
    assert_eq!(api.get(PATH).await.status, 500);
    let hangs: Answer = api
        .handle(&json!({"Records": []}).to_string(), Duration::ZERO)
        .await
        .into();
    assert_eq!(hangs.status, 400);
}
