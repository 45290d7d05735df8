//! The emails that the system sent.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::handle::{Kind, System};
use super::http::new_client;
use super::target::Stack;
use super::wait::run_on_thread;

/// The timeout from a publish to its email on a deployed stack.
const EMAIL_TIMEOUT: Duration = Duration::from_secs(20);

impl System {
    /// Finds the emails whose body contains the id of an order or of a notification.
    ///
    /// A deployed stack sends an email some time after the publish. On one, this waits for the first email.
    pub(crate) fn find_mail(&self, id: &str) -> Vec<Value> {
        let Kind::Shared { stack, .. } = &self.kind else {
            return keep_mail_with(id, self.read_json_lines(&["inbox", "--json"]));
        };
        run_on_thread(|| async {
            let deadline = Instant::now() + EMAIL_TIMEOUT;
            loop {
                let mail = keep_mail_with(id, self.list_mail(stack).await);
                if !mail.is_empty() || Instant::now() > deadline {
                    return mail;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        })
        .unwrap()
    }

    /// Lists the emails that the subscribers of a deployed stack got.
    async fn list_mail(&self, stack: &Stack) -> Vec<Value> {
        match (&stack.mail_queue_url, &stack.endpoint_url) {
            (Some(queue_url), _) => self.list_mail_of_queue(queue_url).await,
            (None, Some(endpoint_url)) => Self::list_mail_of_localstack(endpoint_url).await,
            (None, None) => {
                panic!("ORDERS_MAIL_QUEUE_URL must be set to a queue that is subscribed to order-emails")
            }
        }
    }

    /// Lists the emails that came to a queue. All tests share the queue, so that received emails are kept for the others.
    async fn list_mail_of_queue(&self, queue_url: &str) -> Vec<Value> {
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

    /// Lists the emails of LocalStack's SES in the form of `orderctl inbox --json`. LocalStack does not keep the subjects of
    /// emails that came from SNS.
    async fn list_mail_of_localstack(endpoint_url: &str) -> Vec<Value> {
        let url = format!("{endpoint_url}/_aws/ses");
        let answer = new_client().get(url).send().await.unwrap();
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

fn keep_mail_with(id: &str, mut mail: Vec<Value>) -> Vec<Value> {
    mail.retain(|mail| mail["body"].as_str().unwrap().contains(id));
    mail
}
