//! The worker Lambda's program: everything is in the library.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    order_worker::run().await
}
