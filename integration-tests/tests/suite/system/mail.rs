//! The emails that the system sent.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::home::http;
use super::target::Stack;
use super::wait::on_a_thread;
use super::{Kind, System};

/// How long a deployed stack may take from a publish to its email.
const SENDING: Duration = Duration::from_secs(20);

impl System {
    /// The emails whose body names the order or the notification.
    ///
    /// A deployed stack sends a moment after the publish: there it waits for the first.
    pub(crate) fn mail_about(&self, id: &str) -> Vec<Value> {
        let Kind::Shared { stack, .. } = &self.kind else {
            return about(id, self.json_lines(&["inbox", "--json"]));
        };
        on_a_thread(|| async {
            let deadline = Instant::now() + SENDING;
            loop {
                let mail = about(id, self.sent(stack).await);
                if !mail.is_empty() || Instant::now() > deadline {
                    return mail;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        })
        .unwrap()
    }

    /// What subscribers of a deployed stack were sent until now.
    async fn sent(&self, stack: &Stack) -> Vec<Value> {
        match (&stack.mail_queue_url, &stack.endpoint_url) {
            (Some(queue_url), _) => self.sent_to_queue(queue_url).await,
            (None, Some(endpoint_url)) => Self::sent_by_localstack(endpoint_url).await,
            (None, None) => {
                panic!("ORDERS_MAIL_QUEUE_URL must name a queue that is subscribed to order-emails")
            }
        }
    }

    /// What has come to a queue that is subscribed beside the inboxes. Tests share it: what is received is kept for all.
    async fn sent_to_queue(&self, queue_url: &str) -> Vec<Value> {
        static RECEIVED: Mutex<Vec<Value>> = Mutex::new(Vec::new());
        let sqs = self.sqs().await;
        loop {
            let receive = sqs
                .receive_message()
                .queue_url(queue_url)
                .max_number_of_messages(10);
            let messages = receive.send().await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return RECEIVED.lock().unwrap().clone();
            }
            for message in messages {
                let envelope: Value = serde_json::from_str(&message.body.unwrap()).unwrap();
                let mail = json!({"subject": envelope["Subject"], "body": envelope["Message"]});
                RECEIVED.lock().unwrap().push(mail);
                let delete = sqs.delete_message().queue_url(queue_url);
                delete
                    .receipt_handle(message.receipt_handle.unwrap())
                    .send()
                    .await
                    .unwrap();
            }
        }
    }

    /// What LocalStack's SES has sent, in the form of `orderctl inbox --json`. It keeps no subject of what came from SNS.
    async fn sent_by_localstack(endpoint_url: &str) -> Vec<Value> {
        let url = format!("{endpoint_url}/_aws/ses");
        let answer = http().get(url).send().await.unwrap();
        let answer: Value = answer.error_for_status().unwrap().json().await.unwrap();
        let messages = answer["messages"].as_array().unwrap();
        let mail = messages.iter().map(|message| {
            json!({
                "to": message["Destination"]["ToAddresses"][0],
                "body": message["Body"]["text_part"],
            })
        });
        mail.collect()
    }
}

fn about(id: &str, mut mail: Vec<Value>) -> Vec<Value> {
    mail.retain(|mail| mail["body"].as_str().unwrap().contains(id));
    mail
}
