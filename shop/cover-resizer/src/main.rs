//! The function `cover-resizer`, for Lambda's `provided.al2023` runtime.

use function_runtime::aws::LambdaHost;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    cover_resizer::run(LambdaHost::start()).await
}
