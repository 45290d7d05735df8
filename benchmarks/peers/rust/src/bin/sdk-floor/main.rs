//! The floor with the SDK: it makes the calls of order-worker or of order-api through the same clients of the SDK and the same runtime, with inputs
//! that exist before it starts. It only replaces the ids, and looks at no event and no answer. So it shows what the SDK and the runtime cost alone.
//!
//! The argument is the folder of `floor.rs`: the requests that the function has sent, as `requests/SIZE/NUMBER`, and the `answer` to every event.

mod call;
mod prepared;
mod recorded;

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use function_runtime::aws::{CallLimits, Host, LambdaHost};
use lambda_runtime::Error;
use serde_json::value::RawValue;

use crate::call::{Call, Clients};

/// Those of order-worker.
const CALLS: CallLimits = CallLimits {
    connect: Duration::from_secs(1),
    attempt: Duration::from_secs(3),
    operation: Duration::from_secs(5),
    max_attempts: 2,
    first_backoff: Duration::from_secs(1),
};
/// An event of 100 messages is longer, and one of 10 or a request is shorter.
const MAX_SMALL_EVENT: usize = 40_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let folder = PathBuf::from(env::args_os().nth(1).ok_or("a folder is missing")?);
    let mut batches = Vec::new();
    for size in ["1", "10", "100"].map(|size| folder.join("requests").join(size)) {
        if size.exists() {
            batches.push(recorded::read(&size)?);
        }
    }
    let answer: Box<RawValue> = serde_json::from_str(&fs::read_to_string(folder.join("answer"))?)?;
    let run = u32::from_str_radix(&env::var("RUN")?, 16)?;
    let host = LambdaHost::start();
    let clients = Clients::new(&host.load(CALLS.loader()).await);
    let invocations = Cell::new(run);
    host.serve(async |event, _| {
        let digits = format!("{:06x}", invocations.replace(invocations.get() + 1));
        let batch: &[Call] = &batches[usize::from(event.len() > MAX_SMALL_EVENT)];
        for call in batch {
            clients.make(call, &digits).await?;
        }
        Ok::<_, Error>(&answer)
    })
    .await
}
