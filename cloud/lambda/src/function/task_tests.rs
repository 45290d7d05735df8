//! Tests with functions that run inside the test program.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::launcher::{Launcher, Program};
use crate::task::{Task, TaskContext, TaskError, TaskInvocation};

/// The environments of a function that have been started, and those that have not been dropped.
#[derive(Clone, Default)]
struct Environments {
    started: Arc<AtomicUsize>,
    alive: Arc<()>,
}

/// Answers each event by what its field `do` says, and with the number of the environment.
async fn run(context: TaskContext, environments: Environments) -> Result<(), TaskError> {
    let number = environments.started.fetch_add(1, Ordering::Relaxed);
    if let Some(reason) = context.environment.get("FAILS") {
        return Err(reason.as_str().into());
    }
    while let Some(TaskInvocation {
        request_id, payload, ..
    }) = context.next().await
    {
        let event: Value = serde_json::from_slice(&payload)?;
        let answer = match event["do"].as_str() {
            Some("fail") => Err(Bytes::from_static(br#"{"errorType":"Bad"}"#)),
            Some("hang") => std::future::pending().await,
            Some("panic") => panic!("on purpose"),
            Some("flood") => Ok(vec![b' '; MAX_PAYLOAD_BYTES + 1].into()),
            _ => Ok(
                json!({"environment": number, "table": context.environment["TABLE"]})
                    .to_string()
                    .into(),
            ),
        };
        context.answer(request_id, answer);
    }
    Ok(())
}

fn settings(environments: &Environments) -> FunctionSettings {
    let environments = environments.clone();
    let mut settings = FunctionSettings::example();
    settings
        .environment
        .insert("TABLE".to_owned(), "orders".to_owned());
    settings.launcher = Launcher::new(move |_| {
        let environments = environments.clone();
        Program::Task(Task::new(move |context| run(context, environments.clone())))
    });
    settings
}

async fn invoke(function: &Function, payload: Value) -> Result<Value, InvokeError> {
    let response = function.invoke(payload.to_string().into()).await?;
    Ok(serde_json::from_slice(&response).unwrap())
}

#[tokio::test]
async fn a_task_answers_in_its_environment_and_is_used_again_also_after_an_error() {
    let environments = Environments::default();
    let function = Function::new(settings(&environments));
    let answer = json!({"environment": 0, "table": "orders"});
    assert_eq!(invoke(&function, json!({})).await.unwrap(), answer);
    let error = invoke(&function, json!({"do": "fail"})).await.unwrap_err();
    assert_eq!(error.body(), r#"{"errorType":"Bad"}"#);
    assert_eq!(invoke(&function, json!({})).await.unwrap(), answer);
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_an_error() {
    let function = Function::new(settings(&Environments::default()));
    let error = invoke(&function, json!({"do": "flood"})).await.unwrap_err();
    assert!(
        String::from_utf8_lossy(error.body().as_ref()).contains("Function.ResponseSizeTooLarge"),
        "{error:?}"
    );
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_task_that_hangs_is_dropped_at_its_timeout_and_replaced() {
    let environments = Environments::default();
    let mut settings = settings(&environments);
    settings.timeout = Duration::from_millis(250);
    let function = Function::new(settings);
    let error = invoke(&function, json!({"do": "hang"})).await.unwrap_err();
    assert_eq!(error.to_string(), "Task timed out after 0.25 seconds");
    function.stop(Duration::ZERO).await;
    drop(function);
    assert_eq!(environments.started.load(Ordering::Relaxed), 1);
    // Only the test and the launcher's copies are left, and the launcher has gone.
    assert_eq!(Arc::strong_count(&environments.alive), 1);
}

#[tokio::test]
async fn a_panic_of_a_task_fails_its_invocation_alone() {
    let function = Function::new(settings(&Environments::default()));
    let error = invoke(&function, json!({"do": "panic"})).await.unwrap_err();
    assert_eq!(error.to_string(), "the runtime exited: panicked");
    assert_eq!(invoke(&function, json!({})).await.unwrap()["environment"], 1);
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn the_reason_why_a_task_cannot_start_is_kept() {
    let mut settings = settings(&Environments::default());
    settings
        .environment
        .insert("FAILS".to_owned(), "a setting is missing".to_owned());
    let function = Function::new(settings);
    let error = function.warm().await.unwrap_err();
    assert!(
        String::from_utf8_lossy(error.body().as_ref()).contains("a setting is missing"),
        "{error:?}"
    );
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_dropped_function_drops_its_tasks() {
    let environments = Environments::default();
    let function = Function::new(settings(&environments));
    function.warm().await.unwrap();
    let stopped = function.clone();
    stopped.stop(Duration::ZERO).await;
    drop((function, stopped));
    assert_eq!(Arc::strong_count(&environments.alive), 1);
}
