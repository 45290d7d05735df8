//! The headers of every answer: the request id, which is also in the log, entity tags, and the CORS headers.

use reqwest::Method;

use crate::system::{Sandbox, eventually, sample_of_new_customer};

#[tokio::test]
async fn pages_of_allowed_origins_may_call_and_others_may_not() {
    let sandbox = Sandbox::new();
    let shop = "https://shop.example.com";
    let system = sandbox
        .start_with(&[
            "--parameter",
            &format!("AllowedOrigins=http://localhost:3000,{shop}"),
        ])
        .await;
    let preflight = async |path: &str, origin: &str, method: &str| {
        system
            .request(|http, url| {
                http.request(Method::OPTIONS, format!("{url}{path}"))
                    .header("Origin", origin)
                    .header("Access-Control-Request-Method", method)
                    .header("Access-Control-Request-Headers", "content-type,idempotency-key")
            })
            .await
    };
    for (path, method) in [
        ("/orders", "POST"),
        ("/orders/batch", "POST"),
        ("/orders/1", "GET"),
        ("/", "GET"),
    ] {
        let answer = preflight(path, shop, method).await;
        assert_eq!(
            (answer.status, &answer.headers["access-control-allow-origin"]),
            (204, &shop.parse().unwrap())
        );
        assert_eq!(answer.headers["vary"].to_str().unwrap().to_lowercase(), "origin");
        let listed = |name: &str, value: &str| {
            let values = answer.headers[name].to_str().unwrap().to_lowercase();
            assert!(
                values.split(", ").any(|listed| listed == value.to_lowercase()),
                "{name}: {values}"
            );
        };
        listed("access-control-allow-methods", method);
        for header in ["idempotency-key", "traceparent", "tracestate", "baggage"] {
            listed("access-control-allow-headers", header);
        }
        listed("access-control-allow-headers", "authorization");
        let stranger = preflight(path, "https://evil.example.com", method).await;
        // The listener's guard answers: on this machine a page that nobody allowed does not reach the function.
        assert_eq!(stranger.status, 403);
        assert!(!stranger.headers.contains_key("access-control-allow-origin"));
        assert_eq!(stranger.headers["vary"], "origin");
    }
    // A page must be able to read errors, too: a rejected order, an unknown path, a method that is not allowed.
    for (method, path, status) in [
        (Method::POST, "/orders", 415),
        (Method::GET, "/nothing", 404),
        (Method::PUT, "/orders", 405),
    ] {
        let answer = system
            .request(|http, url| {
                http.request(method, format!("{url}{path}"))
                    .header("Origin", shop)
            })
            .await;
        assert_eq!(
            (answer.status, &answer.headers["access-control-allow-origin"]),
            (status, &shop.parse().unwrap())
        );
    }
}

#[tokio::test]
async fn errors_of_the_gateway_are_problems_that_allowed_pages_can_read() {
    let sandbox = Sandbox::new();
    let pages = ["http://localhost:3000", "https://shop.example.com"];
    let system = sandbox
        .start_with(&[
            "--parameter",
            &format!("AllowedOrigins={}", pages.join(",")),
            "--parameter",
            "PlaceOrderRateLimit=1",
            "--parameter",
            "PlaceOrderBurstLimit=1",
        ])
        .await;
    let post = async |page: &str, body: Vec<u8>| {
        system
            .request(|http, url| {
                let request = http.post(format!("{url}/orders")).header("Origin", page);
                request.header("Content-Type", "application/json").body(body)
            })
            .await
    };
    let mut statuses = Vec::new();
    for page in pages {
        // Over the gateway's limit. The body does not reach the function.
        let too_large = eventually("the throttle has a token", async || {
            let answer = post(page, vec![b' '; 11 * 1024 * 1024]).await;
            (answer.status != 429).then_some(answer)
        })
        .await;
        let throttled = eventually("the throttle has no token", async || {
            let answer = post(page, b"{}".to_vec()).await;
            (answer.status == 429).then_some(answer)
        })
        .await;
        for answer in [too_large, throttled] {
            statuses.push(answer.status);
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert_eq!(answer.headers["access-control-allow-origin"], "*");
            assert_eq!(answer.body["status"], answer.status);
            assert!(
                answer.body["type"]
                    .as_str()
                    .unwrap()
                    .starts_with("urn:orders:problem:")
            );
            assert_eq!(
                answer.body["request_id"],
                answer.headers["x-amzn-requestid"].to_str().unwrap()
            );
            assert_eq!(answer.headers.contains_key("retry-after"), answer.status == 429);
        }
    }
    assert_eq!(statuses, [413, 429, 413, 429]);
}

#[tokio::test]
async fn an_answer_that_the_client_has_is_not_sent_again() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let id = system.place(&sample_of_new_customer("order-minimal.json")).await;
    system.wait_until_notified(&id).await;
    let get = async |tag: Option<&str>, method: Method| {
        system
            .request(|http, url| {
                let request = http.request(method, format!("{url}/orders/{id}"));
                tag.into_iter()
                    .fold(request, |request, tag| request.header("If-None-Match", tag))
            })
            .await
    };
    let first = get(None, Method::GET).await;
    assert_eq!(first.headers["cache-control"], "private, no-cache");
    let tag = first.headers["etag"].to_str().unwrap();
    let again = get(Some(tag), Method::GET).await;
    assert_eq!(
        (again.status, again.body.is_null(), &again.headers["etag"]),
        (304, true, &first.headers["etag"])
    );
    let head = get(None, Method::HEAD).await;
    assert_eq!(
        (head.status, head.body.is_null(), &head.headers["etag"]),
        (200, true, &first.headers["etag"])
    );
    assert_eq!(get(Some("\"another\""), Method::GET).await.body, first.body);
}

#[tokio::test]
async fn the_id_of_a_request_is_in_its_answer_and_in_the_log() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    for path in ["/", "/nothing", "/orders?customer_id=c"] {
        let answer = system.request(|http, url| http.get(format!("{url}{path}"))).await;
        let id = answer.headers["x-request-id"].to_str().unwrap();
        if answer.status >= 400 {
            assert_eq!(answer.body["request_id"], id);
        }
        eventually("the request is logged", async || {
            let log = std::fs::read_to_string(sandbox.data_dir().join("logs/order-api.log")).ok()?;
            let extended = answer.headers["x-amz-apigw-id"].to_str().unwrap();
            let has_ids = |line: &str| line.contains(id) && line.contains(extended);
            let is_found = log.lines().any(|line| has_ids(line) && line.contains("answered"));
            is_found.then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn no_level_of_logging_holds_a_customers_data() {
    let sandbox = Sandbox::new();
    let mut system = sandbox.start_with(&["--parameter", "LogLevel=debug"]).await;
    let order = sample_of_new_customer("order.json");
    let id = system.place(&order).await;
    system.wait_until_notified(&id).await;
    let read = system
        .request(|http, url| http.get(format!("{url}/orders/{id}")))
        .await;
    assert_eq!(read.status, 200);
    system.send("orders", "not an order of ada@example.com").await;
    system.wait_for_dead_letter("not an order of").await;
    system.stop().await;
    for function in ["order-api", "order-worker", "notifier"] {
        let path = sandbox.data_dir().join(format!("logs/{function}.log"));
        let log = std::fs::read_to_string(path).unwrap();
        assert!(
            log.contains("\"level\":\"DEBUG\""),
            "{function} does not log at this level"
        );
        for (what, text) in [
            ("email", "ada@example.com"),
            ("name", "Ada Example"),
            ("note", "number 7"),
        ] {
            let line = log.lines().find(|line| line.contains(text));
            assert!(line.is_none(), "{function} logs the {what}: {line:?}");
        }
    }
}
