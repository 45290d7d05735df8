//! The function `catalog-api`, for Lambda's `provided.al2023` runtime.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    catalog_api::run().await
}
