//! The system's API.

use std::time::Duration;

use serde_json::Value;

use super::handle::{Kind, System};
use super::target::Target;
use super::wait::{eventually, eventually_within};

/// A response of the API.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
    /// The bytes of the body.
    pub(crate) bytes: Vec<u8>,
}

impl System {
    /// The part of the URL that API Gateway puts before a path: the stage of a deployed stack, such as `/dev`, and nothing
    /// for a system of this machine.
    pub(crate) fn stage_path(&self) -> String {
        match &self.kind {
            Kind::Own(_) => String::new(),
            Kind::Shared { stack, .. } => format!("/{}", stack.stage()),
        }
    }

    /// Sends a request to the API.
    pub(crate) async fn request(
        &self,
        request: impl FnOnce(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> Answer {
        self.try_request(request).await.unwrap()
    }

    /// Sends a request to a system that may be killed meanwhile.
    pub(crate) async fn try_request(
        &self,
        request: impl FnOnce(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> reqwest::Result<Answer> {
        let mut request = request(&self.http, &self.api_url);
        if let Kind::Shared { stack, .. } = &self.kind
            && let Some(key) = &stack.api_key
        {
            request = request.header("x-api-key", key);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?;
        Ok(Answer {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
            bytes: body.to_vec(),
        })
    }

    /// Posts an order.
    pub(crate) async fn post(&self, order: &Value) -> Answer {
        let answer = self
            .request(|http, url| http.post(format!("{url}/orders")).json(order))
            .await;
        if let Some(id) = answer.body["order_id"].as_str() {
            self.trail.add(id);
        }
        answer
    }

    /// Posts an order under an idempotency key.
    pub(crate) async fn post_with_key(&self, order: &Value, key: &str) -> Answer {
        self.request(|http, url| {
            http.post(format!("{url}/orders"))
                .header("Idempotency-Key", key)
                .json(order)
        })
        .await
    }

    /// Posts an order under an idempotency key until no other request with the key may be under way.
    pub(crate) async fn post_with_key_until_decided(&self, order: &Value, key: &str) -> Answer {
        eventually("no other request with the key is under way", async || {
            let answer = self.post_with_key(order, key).await;
            (answer.status != 409).then_some(answer)
        })
        .await
    }

    /// Posts a valid order, and returns its id.
    pub(crate) async fn place(&self, order: &Value) -> String {
        let answer = self.post(order).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body["order_id"].as_str().unwrap().to_owned()
    }

    /// Waits until the order is stored, and returns it as the API does.
    pub(crate) async fn wait_until_stored(&self, id: &str) -> Value {
        self.wait_for_order(id, Target::get().timeout(), |_| true).await
    }

    /// Waits until the order is notified by email, and returns it as the API does.
    pub(crate) async fn wait_until_notified(&self, id: &str) -> Value {
        self.wait_until_notified_within(Target::get().timeout(), id).await
    }

    /// The same with another timeout.
    pub(crate) async fn wait_until_notified_within(&self, timeout: Duration, id: &str) -> Value {
        self.wait_for_order(id, timeout, |order| order["status"] == "notified")
            .await
    }

    async fn wait_for_order(
        &self,
        id: &str,
        timeout: Duration,
        is_expected: impl Fn(&Value) -> bool,
    ) -> Value {
        self.trail.add(id);
        eventually_within(
            timeout,
            &format!("order {id} has the expected status"),
            async || {
                let answer = self
                    .request(|http, url| http.get(format!("{url}/orders/{id}")))
                    .await;
                match answer.status {
                    200 => Some(answer.body).filter(|order| is_expected(order)),
                    // 202: accepted, and not stored. The API answers 503 when a table does not answer in time.
                    202 | 404 | 503 => None,
                    status => panic!("GET answers {status}: {}", answer.body),
                }
            },
        )
        .await
    }
}
