//! The notifier Lambda's program.

use function_runtime::aws::LambdaHost;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    notifier::run(LambdaHost::start()).await
}
