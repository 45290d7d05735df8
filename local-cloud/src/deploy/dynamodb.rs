//! Converging tables, by DynamoDB's own calls.

use serde_json::{Value, json};

use super::DeployError;
use crate::template::Table;

/// Calls DynamoDB over its wire protocol.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    endpoint_url: String,
    authorization: String,
}

/// How the wire says that a table does not exist.
const NOT_FOUND: &str = "ResourceNotFoundException";

impl Client {
    /// A client of an endpoint.
    pub(crate) fn new(endpoint_url: &str, region: &str) -> reqwest::Result<Self> {
        Ok(Self {
            // A proxy in the environment would not reach the loopback address.
            http: reqwest::Client::builder().no_proxy().build()?,
            endpoint_url: endpoint_url.to_owned(),
            // The endpoint reads the access key and does not verify signatures.
            authorization: format!(
                "AWS4-HMAC-SHA256 Credential=deploy/20000101/{region}/dynamodb/aws4_request, \
                 SignedHeaders=host, Signature=00"
            ),
        })
    }

    /// Creates the table, or brings its indexes and expiry to what the template says.
    pub(super) async fn converge(&self, table: &Table) -> Result<(), DeployError> {
        match self
            .call(table, "DescribeTable", &json!({"TableName": table.name}))
            .await
        {
            Ok(description) => self.update(table, &description["Table"]).await?,
            Err(DeployError::Table { code, .. }) if code == NOT_FOUND => {
                self.call(table, "CreateTable", &table.create).await?;
            }
            Err(error) => return Err(error),
        }
        self.converge_time_to_live(table).await
    }

    async fn update(&self, table: &Table, existing: &Value) -> Result<(), DeployError> {
        let differs = |what| DeployError::TableDiffers {
            name: table.name.clone(),
            what,
        };
        if existing["KeySchema"] != table.create["KeySchema"] {
            return Err(differs("primary key"));
        }
        for wanted in list(&table.create["AttributeDefinitions"]) {
            let same_name = |known: &&Value| known["AttributeName"] == wanted["AttributeName"];
            let known = list(&existing["AttributeDefinitions"]).iter().find(same_name);
            if known.is_some_and(|known| known["AttributeType"] != wanted["AttributeType"]) {
                return Err(differs("type of a key attribute"));
            }
        }
        let (wanted, existing) = (
            list(&table.create["GlobalSecondaryIndexes"]),
            list(&existing["GlobalSecondaryIndexes"]),
        );
        // An index holds nothing of its own: one that changed is made anew.
        for index in existing
            .iter()
            .filter(|index| !wanted.iter().any(|wanted| is_same_index(wanted, index)))
        {
            let change = json!([{"Delete": {"IndexName": index["IndexName"]}}]);
            self.update_indexes(table, change).await?;
        }
        for index in wanted
            .iter()
            .filter(|index| !existing.iter().any(|existing| is_same_index(index, existing)))
        {
            self.update_indexes(table, json!([{"Create": index}])).await?;
        }
        Ok(())
    }

    async fn update_indexes(&self, table: &Table, change: Value) -> Result<(), DeployError> {
        let request = json!({
            "TableName": table.name,
            "AttributeDefinitions": table.create["AttributeDefinitions"],
            "GlobalSecondaryIndexUpdates": change,
        });
        self.call(table, "UpdateTable", &request).await.map(drop)
    }

    async fn converge_time_to_live(&self, table: &Table) -> Result<(), DeployError> {
        let Some(wanted) = &table.time_to_live else {
            return Ok(());
        };
        let existing = self
            .call(table, "DescribeTimeToLive", &json!({"TableName": table.name}))
            .await?;
        let existing = &existing["TimeToLiveDescription"];
        let is_enabled = existing["TimeToLiveStatus"] == "ENABLED";
        if is_enabled == wanted.enabled
            && (!is_enabled || existing["AttributeName"] == wanted.attribute.as_str())
        {
            return Ok(());
        }
        let specification = json!({"Enabled": wanted.enabled, "AttributeName": wanted.attribute});
        let request = json!({"TableName": table.name, "TimeToLiveSpecification": specification});
        self.call(table, "UpdateTimeToLive", &request).await.map(drop)
    }

    async fn call(&self, table: &Table, operation: &str, request: &Value) -> Result<Value, DeployError> {
        let unreachable = |source| DeployError::Unreachable {
            name: table.name.clone(),
            source,
        };
        let response = self
            .http
            .post(&self.endpoint_url)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("authorization", &self.authorization)
            .body(request.to_string())
            .send()
            .await
            .map_err(unreachable)?;
        let succeeded = response.status().is_success();
        let body: Value = response.json().await.map_err(unreachable)?;
        if succeeded {
            return Ok(body);
        }
        let text = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| body[*name].as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let kind = text(&["__type"]);
        Err(DeployError::Table {
            name: table.name.clone(),
            // `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException`: the code follows the hash.
            code: kind.rsplit('#').next().unwrap_or_default().to_owned(),
            message: text(&["message", "Message"]),
        })
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn is_same_index(left: &Value, right: &Value) -> bool {
    ["IndexName", "KeySchema", "Projection"]
        .iter()
        .all(|part| left[*part] == right[*part])
}
