//! The shop's catalogue beside the orders: real processes, with the rights of `shop/template.yaml`.

mod covers;

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use super::system::{Sandbox, System, sample};

/// The catalogue of a running system.
struct Catalogue {
    url: String,
    http: reqwest::Client,
}

/// The status, the entity tag and the body of an answer.
struct Answer {
    status: u16,
    tag: String,
    body: Value,
}

impl Catalogue {
    fn of(sandbox: &Sandbox) -> Self {
        let endpoints = fs::read(sandbox.data_dir().join("endpoints.json")).unwrap();
        let endpoints: Value = serde_json::from_slice(&endpoints).unwrap();
        Self {
            url: endpoints["catalog_url"].as_str().unwrap().to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn send(&self, method: Method, path: &str, if_match: Option<&str>, book: Option<&Value>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(tag) = if_match {
            request = request.header("if-match", tag);
        }
        if let Some(book) = book {
            request = request.json(book);
        }
        let response = request.send().await.unwrap();
        let tag = response.headers().get("etag");
        Answer {
            status: response.status().as_u16(),
            tag: tag.map_or(String::new(), |tag| tag.to_str().unwrap().to_owned()),
            body: serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default(),
        }
    }

    async fn titles(&self, query: &str) -> (Vec<String>, Option<String>) {
        let list = self
            .send(Method::GET, &format!("/books?{query}"), None, None)
            .await;
        assert_eq!(list.status, 200, "{}", list.body);
        let books = list.body["books"].as_array().unwrap().iter();
        let titles = books.map(|book| book["title"].as_str().unwrap().to_owned());
        let next = list.body["next_cursor"].as_str().map(str::to_owned);
        (titles.collect(), next)
    }
}

fn book(isbn: &str, title: &str) -> Value {
    json!({"isbn": isbn, "title": title, "authors": ["Mara Quill"], "price": "18.90", "currency": "EUR"})
}

async fn start(sandbox: &Sandbox) -> (System, Catalogue) {
    let system = sandbox.start_with_shop().await;
    let catalogue = Catalogue::of(sandbox);
    (system, catalogue)
}

#[tokio::test]
async fn a_book_is_created_changed_and_deleted_and_survives_a_kill() {
    let sandbox = Sandbox::new();
    let (mut system, catalogue) = start(&sandbox).await;
    let path = "/books/9783161484100";
    let first = book("978-3-16-148410-0", "The Lighthouse Index");
    let created = catalogue.send(Method::POST, "/books", None, Some(&first)).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let again = catalogue.send(Method::POST, "/books", None, Some(&first)).await;
    assert_eq!((again.status, &again.tag), (200, &created.tag));
    let other = book("9783161484100", "Another");
    assert_eq!(
        catalogue
            .send(Method::POST, "/books", None, Some(&other))
            .await
            .status,
        409
    );

    system.kill().await;
    drop(system);
    let (system, catalogue) = start(&sandbox).await;
    let read = catalogue.send(Method::GET, path, None, None).await;
    assert_eq!(
        (read.status, &read.tag, &read.body),
        (200, &created.tag, &created.body)
    );
    let changed = catalogue
        .send(Method::PUT, path, Some(&read.tag), Some(&other))
        .await;
    assert_eq!((changed.status, &changed.body["title"]), (200, &json!("Another")));
    let late = catalogue.send(Method::DELETE, path, Some(&read.tag), None).await;
    assert_eq!(late.status, 412, "{}", late.body);
    let deleted = catalogue
        .send(Method::DELETE, path, Some(&changed.tag), None)
        .await;
    assert_eq!(deleted.status, 204);
    assert_eq!(catalogue.send(Method::GET, path, None, None).await.status, 404);

    // The orders work beside it, and know nothing of it.
    let id = system.place(&sample("order.json")).await;
    system.wait_until_stored(&id).await;
}

#[tokio::test]
async fn books_are_listed_by_title_and_found_by_words() {
    let sandbox = Sandbox::new();
    let (_system, catalogue) = start(&sandbox).await;
    for (isbn, title) in [
        ("9783161484100", "salt roads"),
        ("9780306406157", "A Lighthouse"),
        ("9780804429573", "Lighthouse keepers"),
        ("9791090636071", "Éclipse"),
    ] {
        let created = catalogue
            .send(Method::POST, "/books", None, Some(&book(isbn, title)))
            .await;
        assert_eq!(created.status, 201, "{}", created.body);
    }
    let (first, next) = catalogue.titles("limit=3").await;
    assert_eq!(first, ["A Lighthouse", "Lighthouse keepers", "salt roads"]);
    let (second, next) = catalogue
        .titles(&format!("limit=3&cursor={}", next.unwrap()))
        .await;
    assert_eq!((second, next), (vec!["Éclipse".to_owned()], None));
    assert_eq!(
        catalogue.titles("q=lighthouse%20QUILL").await.0,
        ["A Lighthouse", "Lighthouse keepers"]
    );
    let (one, next) = catalogue.titles("q=lighthouse&limit=1").await;
    assert_eq!(one, ["A Lighthouse"]);
    let (two, _) = catalogue
        .titles(&format!("q=lighthouse&limit=1&cursor={}", next.unwrap()))
        .await;
    assert_eq!(two, ["Lighthouse keepers"]);
    assert_eq!(
        catalogue.titles("q=9780804429573").await.0,
        ["Lighthouse keepers"]
    );
    assert_eq!(catalogue.titles("q=nothing").await, (Vec::new(), None));
}

#[tokio::test]
async fn a_seeded_catalogue_is_complete_however_often_it_is_seeded() {
    let sandbox = Sandbox::new();
    let (_system, catalogue) = start(&sandbox).await;
    let seed = || {
        let output = sandbox
            .orderctl()
            .args(["shop", "seed", "--json"])
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{error}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let first = seed();
    let count = first["added"].as_u64().unwrap();
    assert!(count >= 30);
    assert_eq!(
        seed(),
        json!({"version": 1, "added": 0, "present": count, "kept": 0, "covers": 0})
    );
    assert_eq!(catalogue.titles("limit=100").await.0.len() as u64, count);
}

#[tokio::test]
async fn the_pages_are_served_and_may_place_orders() {
    let sandbox = Sandbox::new();
    let (system, catalogue) = start(&sandbox).await;
    let page = catalogue
        .http
        .get(format!("{}/shop/", catalogue.url))
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
    let addresses = catalogue
        .http
        .get(format!("{}/shop/config.json", catalogue.url))
        .send()
        .await
        .unwrap();
    let addresses: Value = addresses.json().await.unwrap();
    assert_eq!(addresses["order_url"], system.api_url);
    // The browser sends the page's origin, under either name of this machine.
    for origin in [
        catalogue.url.clone(),
        catalogue.url.replace("127.0.0.1", "localhost"),
    ] {
        let order = catalogue.http.post(format!("{}/orders", system.api_url));
        let answer = order
            .header("origin", &origin)
            .json(&sample("order.json"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 202);
        assert_eq!(answer.headers()["access-control-allow-origin"], origin.as_str());
    }
    let order = catalogue.http.post(format!("{}/orders", system.api_url));
    let foreign = order
        .header("origin", "http://127.0.0.1:1")
        .json(&sample("order.json"));
    assert_eq!(foreign.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn without_the_shop_nothing_of_it_runs() {
    let sandbox = Sandbox::new();
    let _system = sandbox.start_with(&[]).await;
    let endpoints = fs::read(sandbox.data_dir().join("endpoints.json")).unwrap();
    let endpoints: Value = serde_json::from_slice(&endpoints).unwrap();
    assert_eq!(endpoints.get("catalog_url"), None);
    let output = sandbox.orderctl().args(["shop", "seed"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--no-shop"));
}
