//! `GET /books`.

use super::*;

#[tokio::test]
async fn pages_follow_each_other() {
    let api = api();
    for (isbn, title) in [
        ("9783161484100", "B"),
        ("9780306406157", "A"),
        ("9780804429573", "C"),
    ] {
        let mut book = book();
        (book["isbn"], book["title"]) = (json!(isbn), json!(title));
        assert_eq!(api.send("POST", "/books", &[], &book).await.status, 201);
    }
    let titles = |answer: &Answer| {
        let books = answer.body["books"].as_array().unwrap().iter();
        books
            .map(|book| book["title"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let first = api.get("/books?limit=2").await;
    assert_eq!(titles(&first), ["A", "B"]);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = api.get(&format!("/books?limit=2&cursor={cursor}")).await;
    assert_eq!(
        (titles(&second), second.body.get("next_cursor")),
        (vec!["C".to_owned()], None)
    );
    let found = api.get("/books?q=c").await;
    assert_eq!(titles(&found), ["C"]);
    // A cursor of another search.
    let foreign = api.get(&format!("/books?q=c&cursor={cursor}")).await;
    assert_eq!(
        (foreign.status, &foreign.body["errors"][0]["parameter"]),
        (400, &json!("cursor"))
    );
}

#[tokio::test]
async fn a_client_that_has_the_answer_gets_no_body() {
    let api = api();
    for path in ["/", "/books", "/openapi.json"] {
        let answer = api.get(path).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, "private, no-cache")
        );
        let tag = answer.header("etag").to_owned();
        let again = api
            .send("GET", path, &[("if-none-match", &tag)], &Value::Null)
            .await;
        assert_eq!((again.status, again.body), (304, Value::Null));
        assert_eq!(api.send("HEAD", path, &[], &Value::Null).await.body, Value::Null);
    }
}
