//! A customer's orders, page by page.

use order_core::{OrderId, OrderMessage, Timestamp};
use order_table::OrderRow;
use proptest::prelude::*;

use super::*;
use crate::cursor;
use crate::ports::{Position, UnreadableRow};

fn list(query: &[(&str, &str)]) -> Value {
    let mut values: serde_json::Map<String, Value> = serde_json::Map::new();
    for (name, value) in query {
        let entry = values.entry(*name).or_insert_with(|| json!([]));
        entry.as_array_mut().unwrap().push(json!(value));
    }
    get(&json!({"/path": "/orders", "/resource": "/orders", "/multiValueQueryStringParameters": values}))
}

/// An order that was accepted so many milliseconds into the day.
fn row(customer: &str, milliseconds: i64, id: u128) -> OrderRow {
    let order = json!({"customer": {"id": customer}, "currency": "EUR", "items": [{"sku": "A", "quantity": 1, "unit_price": "1.00"}]});
    let accepted_at = Timestamp::from_unix_milliseconds(1_795_426_500_000 + milliseconds).unwrap();
    let order_id = OrderId::new(Uuid::from_u128(id));
    let message = OrderMessage::new(order_id, accepted_at, order_core::Order::restore(&order).unwrap());
    OrderRow::confirmed(message, accepted_at)
}

/// A property is no asynchronous test.
fn now<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}

#[tokio::test]
async fn a_page_holds_the_newest_orders_and_leads_to_the_next() {
    let api = api(
        Queue::default(),
        Table::holding(vec![
            row("c-1", 1, 1),
            row("c-2", 2, 2),
            row("c-1", 3, 3),
            row("c-1", 2, 4),
        ]),
    );
    let first = api
        .answer_to(list(&[("customer_id", "c-1"), ("limit", "2")]))
        .await;
    let document: Value = serde_json::from_str(body(&first)).unwrap();
    let ids = |document: &Value| -> Vec<String> {
        let orders = document["orders"].as_array().unwrap();
        orders
            .iter()
            .map(|order| order["order_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        ids(&document),
        [
            "00000000-0000-0000-0000-000000000003",
            "00000000-0000-0000-0000-000000000004"
        ]
    );
    let cursor = document["next_cursor"].as_str().unwrap();
    let second = api
        .answer_to(list(&[
            ("customer_id", "c-1"),
            ("limit", "2"),
            ("cursor", cursor),
        ]))
        .await;
    insta::assert_snapshot!(shown(&second), @r#"
    200
    api-version: 1
    cache-control: private, no-cache
    content-type: application/json
    etag: "EY7r7N1w93T-FMnCl2ZHzQ"
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a

    {
      "orders": [
        {
          "accepted_at": "2026-11-23T09:35:00.001Z",
          "confirmed_at": "2026-11-23T09:35:00.001Z",
          "currency": "EUR",
          "customer": {
            "id": "c-1"
          },
          "fingerprint": "v1:f70dfc6734dc19b78d202a3eecde347b39184bc4da1a5c051a82dbf4a3b423d1",
          "items": [
            {
              "quantity": 1,
              "sku": "A",
              "unit_price": "1.00"
            }
          ],
          "order_id": "00000000-0000-0000-0000-000000000001",
          "status": "confirmed",
          "total": "1.00"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_list_is_read_oldest_first_in_a_range_of_times() {
    let rows = (1..=6).map(|number| row("c-1", number, u128::try_from(number).unwrap()));
    let api = api(Queue::default(), Table::holding(rows.collect::<Vec<_>>()));
    let range = [
        ("customer_id", "c-1"),
        ("accepted_from", "2026-11-23T09:35:00.002Z"),
        ("accepted_to", "2026-11-23T09:35:00.006Z"),
        ("sort", "oldest"),
        ("limit", "3"),
    ];
    let page = async |cursor: Option<&str>| -> (Vec<u64>, Option<String>) {
        let query: Vec<_> = range
            .into_iter()
            .chain(cursor.map(|cursor| ("cursor", cursor)))
            .collect();
        let answer = api.answer_to(list(&query)).await;
        let document: Value = serde_json::from_str(body(&answer)).unwrap();
        let orders = document["orders"].as_array().unwrap().iter();
        let numbers = orders.map(|order| order["order_id"].as_str().unwrap()[30..].parse().unwrap());
        (
            numbers.collect(),
            document["next_cursor"].as_str().map(str::to_owned),
        )
    };
    let (first, cursor) = page(None).await;
    assert_eq!(first, [2, 3, 4]);
    assert_eq!(page(cursor.as_deref()).await, (vec![5], None));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_the_others_are_listed() {
    let unreadable = UnreadableRow {
        order_id: "00000000-0000-0000-0000-000000000002".to_owned(),
        error: order_table::RowError {
            attribute: "fingerprint",
            reason: "is not that of the stored order".to_owned(),
        },
    };
    let table = Table::holding([row("c-1", 1, 1), row("c-1", 3, 3)]).with_unreadable(unreadable);
    let response = api(Queue::default(), table)
        .answer_to(list(&[("customer_id", "c-1")]))
        .await;
    assert_eq!(response.status_code, 200);
    let document: Value = serde_json::from_str(body(&response)).unwrap();
    assert_eq!(document["orders"].as_array().unwrap().len(), 2);
    assert_eq!(
        document["unreadable"],
        json!([{"order_id": "00000000-0000-0000-0000-000000000002"}])
    );
}

#[tokio::test]
async fn the_sample_asks_for_a_page() {
    let api = api(Queue::default(), Table::holding([row("customer-1001", 1, 1)]));
    let sample = include_str!("../../../../events/order-api-list.json");
    let response = api.answer_to(event(sample, &json!({}))).await;
    let document: Value = serde_json::from_str(body(&response)).unwrap();
    assert_eq!(document["orders"][0]["customer"]["id"], "customer-1001");
}

#[tokio::test]
async fn a_customer_without_orders_has_an_empty_list() {
    let api = api(Queue::default(), Table::default());
    let response = api.answer_to(list(&[("customer_id", "nobody")])).await;
    assert_eq!((response.status_code, body(&response)), (200, r#"{"orders":[]}"#));
}

#[tokio::test]
async fn wrong_parameters_are_named_and_nothing_is_read() {
    let api = api(Queue::default(), Table::default());
    let response = api
        .answer_to(list(&[
            ("limit", "0"),
            ("page", "2"),
            ("page", "3"),
            ("cursor", "x"),
        ]))
        .await;
    insta::assert_snapshot!(shown(&response), @r#"
    400
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a

    {
      "detail": "3 violations; see errors",
      "errors": [
        {
          "detail": "is required",
          "parameter": "customer_id"
        },
        {
          "detail": "must be an integer from 1 to 100",
          "parameter": "limit"
        },
        {
          "detail": "is not a parameter here; the parameters are customer_id, accepted_from, accepted_to, status, reference, sort, limit, cursor",
          "parameter": "page"
        }
      ],
      "request_id": "a102331d-8ae2-502d-bd97-a6c969b8607a",
      "status": 400,
      "title": "The query parameters are not valid",
      "type": "urn:orders:problem:invalid-parameters"
    }
    "#);
    assert_eq!(api.table.reads(), 0);
}

#[tokio::test]
async fn a_query_in_the_single_form_is_read_too() {
    let api = api(Queue::default(), Table::default());
    let event = get(&json!({"/path": "/orders", "/queryStringParameters": {"customer_id": "c-1"}}));
    assert_eq!(api.answer_to(event).await.status_code, 200);
}

#[tokio::test]
async fn a_table_that_fails_is_a_503_that_leaks_nothing() {
    let api = api(Queue::default(), Table::failing(Fault::Error));
    insta::assert_snapshot!(shown(&api.answer_to(list(&[("customer_id", "c-1")])).await), @r#"
    503
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 1
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a

    {
      "detail": "the orders cannot be read right now; try again",
      "request_id": "a102331d-8ae2-502d-bd97-a6c969b8607a",
      "status": 503,
      "title": "The service cannot answer right now",
      "type": "urn:orders:problem:unavailable"
    }
    "#);
}

proptest! {
    #[test]
    fn pages_follow_each_other_without_gap_or_repetition(
        orders in prop::collection::btree_set((0..2_usize, 0..20_i64), 0..40),
        limit in 1..=7_u16,
    ) {
        let rows: Vec<OrderRow> = orders
            .iter()
            .enumerate()
            .map(|(index, (customer, time))| row(["a", "b"][*customer], *time, index as u128))
            .collect();
        let mut expected: Vec<&OrderRow> = rows.iter().filter(|row| row.order.customer().id.as_str() == "a").collect();
        expected.sort_by_key(|row| std::cmp::Reverse((row.accepted_at, row.order_id)));
        let expected: Vec<String> = expected.iter().map(|row| row.order_id.to_string()).collect();

        let api = api(Queue::default(), Table::holding(rows));
        let limit = limit.to_string();
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let mut query = vec![("customer_id", "a"), ("limit", limit.as_str())];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let response = now(api.answer_to(list(&query)));
            prop_assert_eq!(response.status_code, 200);
            let document: Value = serde_json::from_str(body(&response)).unwrap();
            for order in document["orders"].as_array().unwrap() {
                found.push(order["order_id"].as_str().unwrap().to_owned());
            }
            match document["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_cursor_of_another_customer_never_yields_that_customers_orders(
        time in 0..20_i64,
        id in 0..20_u128,
        made_for in prop::sample::select(vec!["a", "b"]),
    ) {
        let rows: Vec<OrderRow> = (0..20_u8).map(|index| row(["a", "b"][usize::from(index % 2)], index.into(), index.into())).collect();
        let position = Position {
            accepted_at: rows[0].accepted_at,
            order_id: OrderId::new(Uuid::from_u128(id)),
        };
        let position = Position {
            accepted_at: Timestamp::from_unix_milliseconds(position.accepted_at.unix_milliseconds() + time).unwrap(),
            ..position
        };
        // Also a cursor that was forged for the asking customer, at a position in the other customer's list.
        let text = cursor::encode(&order_core::text::CustomerId::accept(made_for).unwrap(), position);
        let api = api(Queue::default(), Table::holding(rows));
        let response = now(api.answer_to(list(&[("customer_id", "b"), ("cursor", &text)])));
        prop_assert_eq!(response.status_code, if made_for == "b" { 200 } else { 400 });
        let document: Value = serde_json::from_str(body(&response)).unwrap();
        for order in document["orders"].as_array().into_iter().flatten() {
            prop_assert_eq!(&order["customer"]["id"], "b");
        }
    }

    #[test]
    fn no_query_makes_it_fail(query in prop::collection::vec((".{0,12}", ".{0,60}"), 0..4), cursor in ".{0,60}") {
        let api = api(Queue::default(), Table::holding(vec![row("a", 1, 1)]));
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        prop_assert_eq!(now(api.answer_to(list(&query))).status_code, 400);
        let response = now(api.answer_to(list(&[("customer_id", "a"), ("cursor", &cursor)])));
        prop_assert_eq!(response.status_code, 400);
    }
}
