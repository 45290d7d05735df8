//! The alarms of a small template over real services and a real function.

use std::time::Duration;

use bytes::Bytes;
use cloud_cloudwatch::State;

use crate::{LocalCloud, LocalCloudConfig, Running};

const TEMPLATE: &str = r"
Resources:
  # Longer than the minute that the test lets pass, so that a received message stays hidden.
  Work: {Type: AWS::SQS::Queue, Properties: {QueueName: work, VisibilityTimeout: 300}}
  Worker: {Type: AWS::Serverless::Function, Properties: {FunctionName: worker, Timeout: 30}}
  DepthAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: !GetAtt Work.QueueName}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 1
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
  ErrorShareAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics:
        - {Id: share, Expression: 100 * errors / invocations}
        - Id: errors
          ReturnData: false
          MetricStat: {Metric: {Namespace: AWS/Lambda, MetricName: Errors, Dimensions: [{Name: FunctionName, Value: !Ref Worker}]}, Period: 60, Stat: Sum}
        - Id: invocations
          ReturnData: false
          MetricStat: {Metric: {Namespace: AWS/Lambda, MetricName: Invocations, Dimensions: [{Name: FunctionName, Value: !Ref Worker}]}, Period: 60, Stat: Sum}
      EvaluationPeriods: 1
      Threshold: 40
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
";

/// Lets a minute pass, and waits until the alarms are in these states.
async fn after_a_minute(running: &Running, expected: [State; 2]) {
    running.services().clock.advance(Duration::from_mins(1));
    let reached = async {
        loop {
            let states: Vec<State> = alarms(running);
            if states == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), reached).await;
    assert!(waited.is_ok(), "{:?}", running.services().cloud_watch.alarms());
}

fn alarms(running: &Running) -> Vec<State> {
    let alarms = running.services().cloud_watch.alarms();
    alarms.iter().map(|alarm| alarm.state).collect()
}

async fn invoke(running: &Running, payload: &'static str) -> bool {
    let payload = Bytes::from_static(payload.as_bytes());
    running.invoke("worker", payload).await.unwrap().is_ok()
}

#[tokio::test]
async fn the_alarms_of_the_template_ring_and_end() {
    let launcher = example_function::launcher("local_cloud::tests::child");
    let running = LocalCloud::start(LocalCloudConfig::new(TEMPLATE, launcher))
        .await
        .unwrap();
    after_a_minute(&running, [State::Ok, State::Ok]).await;

    let sqs = &running.services().sqs;
    for body in ["one", "two"] {
        let send = format!(r#"{{"QueueUrl": "work", "MessageBody": "{body}"}}"#);
        cloud_sqs::protocol::call(sqs, "SendMessage", send.as_bytes(), "")
            .await
            .unwrap();
    }
    after_a_minute(&running, [State::Alarm, State::Ok]).await;

    assert!(invoke(&running, "{}").await);
    assert!(!invoke(&running, r#"{"do": "fail"}"#).await);
    after_a_minute(&running, [State::Alarm, State::Alarm]).await;

    let received = sqs.receive("work", 2, Duration::ZERO).await.unwrap();
    assert_eq!(received.len(), 2);
    assert!(invoke(&running, "{}").await);
    after_a_minute(&running, [State::Ok, State::Ok]).await;
    running.stop().await;
}
