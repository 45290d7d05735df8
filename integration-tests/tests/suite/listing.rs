//! The list of a customer's orders, read page by page from the index.

use serde_json::{Value, json};

use crate::system::{Answer, Sandbox, System, eventually, sample_of_new_customer};

async fn list(system: &System, query: &str) -> Answer {
    system
        .request(|http, url| http.get(format!("{url}/orders?{query}")))
        .await
}

fn ids(page: &Value) -> Vec<&str> {
    let orders = page["orders"].as_array().unwrap();
    orders
        .iter()
        .map(|order| order["order_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_customers_orders_are_listed_newest_first_in_pages() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let mine = sample_of_new_customer("order-minimal.json");
    let others = sample_of_new_customer("order-minimal.json");
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(system.place(&mine).await);
        system.place(&others).await;
    }
    let customer = mine["customer"]["id"].as_str().unwrap();
    // The index is updated some time after the table.
    let all = eventually("five orders are listed", async || {
        let answer = list(&system, &format!("customer_id={customer}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        (ids(&answer.body).len() == 5).then_some(answer)
    })
    .await;
    let mut found = ids(&all.body);
    assert!(all.body.get("next_cursor").is_none());
    let orders = all.body["orders"].as_array().unwrap();
    assert!(orders.is_sorted_by_key(|order| std::cmp::Reverse(order["accepted_at"].as_str().unwrap())));
    found.sort_unstable();
    placed.sort_unstable();
    assert_eq!(found, placed);
    // The list has each order as the single order is returned.
    assert_eq!(orders[0]["items"], mine["items"]);
    assert_eq!(orders[0]["customer"], mine["customer"]);

    let mut paged = Vec::new();
    let mut query = format!("customer_id={customer}&limit=2");
    loop {
        let page = list(&system, &query).await;
        assert!(ids(&page.body).len() <= 2);
        paged.extend(ids(&page.body).into_iter().map(str::to_owned));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => query = format!("customer_id={customer}&limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(paged, ids(&all.body));

    let shown = system.read_json_lines(&["list", "--customer", customer, "--limit", "3", "--json"]);
    // Compare the ids only: an order may be notified between the two requests.
    assert_eq!(ids(&json!({ "orders": shown })), ids(&all.body)[..3]);

    // From the second order on, the oldest first.
    let from = orders[3]["accepted_at"].as_str().unwrap();
    let narrowed = list(
        &system,
        &format!("customer_id={customer}&sort=oldest&accepted_from={from}"),
    )
    .await;
    let times = |page: &Value| -> Vec<String> {
        let orders = page["orders"].as_array().unwrap().iter();
        orders
            .map(|order| order["accepted_at"].as_str().unwrap().to_owned())
            .collect()
    };
    let expected = times(&all.body).into_iter().rev().filter(|time| &**time >= from);
    assert_eq!(times(&narrowed.body), expected.collect::<Vec<_>>());
    let before = list(&system, &format!("customer_id={customer}&accepted_to={from}")).await;
    assert_eq!(ids(&before.body).len() + ids(&narrowed.body).len(), 5);
    for (query, count) in [("status=notified", 5), ("status=notified&reference=PO%2017", 0)] {
        eventually("the orders are filtered", async || {
            let page = list(&system, &format!("customer_id={customer}&{query}")).await;
            assert_eq!(page.status, 200, "{}", page.body);
            (ids(&page.body).len() == count).then_some(())
        })
        .await;
    }
    let exported = json!({ "orders": system.read_json_lines(&["export", "--customer", customer]) });
    assert!(times(&exported).is_sorted());
    let mut exported = ids(&exported);
    exported.sort_unstable();
    assert_eq!(exported, placed);

    let first = list(&system, &format!("customer_id={customer}&limit=1")).await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let other = others["customer"]["id"].as_str().unwrap();
    let stolen = list(&system, &format!("customer_id={other}&cursor={cursor}")).await;
    assert_eq!(
        (stolen.status, &stolen.body["errors"][0]["parameter"]),
        (400, &json!("cursor"))
    );
}

#[tokio::test]
async fn an_invalid_query_is_answered_with_every_violation() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let answer = list(&system, "customer_id=a&customer_id=b&limit=many&cursor=&page=2").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.body["type"], "urn:orders:problem:invalid-parameters");
    let errors = answer.body["errors"].as_array().unwrap();
    let parameters: Vec<&Value> = errors.iter().map(|error| &error["parameter"]).collect();
    assert_eq!(parameters, ["customer_id", "limit", "page"]);
    for (query, status) in [
        ("", 400),
        ("customer_id=%20", 400),
        ("customer_id=nobody&cursor=x", 400),
        ("customer_id=nobody", 200),
    ] {
        assert_eq!(list(&system, query).await.status, status, "{query}");
    }
}
