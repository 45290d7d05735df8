//! The function `order-api`, for Lambda's `provided.al2023` runtime.

use function_runtime::aws::LambdaHost;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    order_api::run(LambdaHost::start()).await
}
