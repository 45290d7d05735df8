//! DynamoDB: the action has the name of the operation; the resource is the table or index in the request. A
//! transaction needs the permissions of its single operations. A `PartiQL` statement needs the permission of
//! its kind.

use cloud_iam::{ANY, Needs, Permission};
use cloud_wire::{Members, arn};

use crate::partiql;

/// Returns the permissions that an operation of DynamoDB or DynamoDB Streams needs.
#[must_use]
pub fn permissions(operation: &str, body: &[u8], region: &str) -> Needs {
    let request = Members::of(body);
    let on = |action: &str, resource: Option<String>| {
        Permission::new(
            format!("dynamodb:{action}"),
            resource.unwrap_or_else(|| ANY.to_owned()),
        )
    };
    let table = |members: &Members<'_>| members.text("TableName").map(|name| table_arn(region, &name));
    Needs::All(match operation {
        "Query" | "Scan" => {
            let index = |table: String| match request.text("IndexName") {
                Some(index) => format!("{table}/index/{index}"),
                None => table,
            };
            vec![on(operation, table(&request).map(index))]
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = request.object("RequestItems");
            let needed: Vec<_> = tables
                .all()
                .map(|(name, _)| on(operation, Some(table_arn(region, name))))
                .collect();
            if needed.is_empty() {
                vec![on(operation, None)]
            } else {
                needed
            }
        }
        "TransactGetItems" | "TransactWriteItems" => {
            let mut needed = Vec::new();
            for item in request.objects("TransactItems") {
                for (kind, details) in item.all() {
                    let action = match kind {
                        "Get" => "GetItem",
                        "Put" => "PutItem",
                        "Update" => "UpdateItem",
                        "Delete" => "DeleteItem",
                        "ConditionCheck" => "ConditionCheckItem",
                        _ => return Needs::Unknown,
                    };
                    needed.push(on(action, table(&details)));
                }
            }
            needed
        }
        "ExecuteStatement" => match statement(&request, region) {
            Some(permission) => vec![permission],
            None => return Needs::Unknown,
        },
        // A transaction runs completely or not at all, so all its statements must be allowed.
        "ExecuteTransaction" => {
            let statements = request.objects("TransactStatements");
            match statements.map(|one| statement(&one, region)).collect() {
                Some(permissions) => permissions,
                None => return Needs::Unknown,
            }
        }
        "BatchExecuteStatement" => {
            let statements = request.objects("Statements");
            return Needs::EachStatement(statements.map(|one| statement(&one, region)).collect());
        }
        // Requests about streams and tags contain an ARN, all others the name of the table.
        _ => {
            let by_arn = ["StreamArn", "ResourceArn"]
                .iter()
                .find_map(|field| request.text(field))
                .map(|name| table_arn(region, &name));
            vec![on(operation, table(&request).or(by_arn))]
        }
    })
}

fn statement(request: &Members<'_>, region: &str) -> Option<Permission> {
    let statement = partiql::parse(&request.text("Statement")?)?;
    let mut resource = table_arn(region, &statement.table);
    if let Some(index) = statement.index {
        resource = format!("{resource}/index/{index}");
    }
    Some(Permission::new(statement.kind.action(), resource))
}

/// Returns the ARN of a table. `name` is its name or an ARN. Of an ARN the engine uses only the name, so this
/// does too.
fn table_arn(region: &str, name: &str) -> String {
    let name = name.split_once(":table/").map_or(name, |(_, name)| name);
    arn("dynamodb", region, &format!("table/{name}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn needs(operation: &str, body: &Value) -> Needs {
        permissions(operation, body.to_string().as_bytes(), "r")
    }

    fn all(expected: &[(&str, &str)]) -> Needs {
        let permission = |(action, resource): &(&str, &str)| {
            let resource = match *resource {
                "*" => "*".to_owned(),
                table => format!("arn:aws:dynamodb:r:000000000000:table/{table}"),
            };
            Permission::new(format!("dynamodb:{action}"), resource)
        };
        Needs::All(expected.iter().map(permission).collect())
    }

    #[test]
    fn operations_need_what_the_reference_says() {
        let t = json!({"TableName": "t"});
        assert_eq!(needs("PutItem", &t), all(&[("PutItem", "t")]));
        let by_arn = json!({"TableName": "arn:aws:dynamodb:r:000000000000:table/t"});
        assert_eq!(needs("GetItem", &by_arn), all(&[("GetItem", "t")]));
        let index = json!({"TableName": "t", "IndexName": "i"});
        assert_eq!(needs("Query", &t), all(&[("Query", "t")]));
        assert_eq!(needs("Query", &index), all(&[("Query", "t/index/i")]));
        let batch = json!({"RequestItems": {"t": [], "u": []}});
        assert_eq!(
            needs("BatchWriteItem", &batch),
            all(&[("BatchWriteItem", "t"), ("BatchWriteItem", "u")])
        );
        assert_eq!(needs("ListTables", &json!({})), all(&[("ListTables", "*")]));
        assert_eq!(needs("PutItem", &json!({})), all(&[("PutItem", "*")]));
        let writes =
            json!({"TransactItems": [{"Put": t, "Delete": t}, {"Update": t}, {"ConditionCheck": t}]});
        assert_eq!(
            needs("TransactWriteItems", &writes),
            all(&[
                ("DeleteItem", "t"),
                ("PutItem", "t"),
                ("UpdateItem", "t"),
                ("ConditionCheckItem", "t")
            ])
        );
        assert_eq!(
            needs("TransactWriteItems", &json!({"TransactItems": [{"Replace": t}]})),
            Needs::Unknown
        );
    }

    #[test]
    fn statements_need_the_permission_of_their_kind() {
        let insert = json!({"Statement": "INSERT INTO t VALUE {'id': ?}"});
        let select = json!({"Statement": "SELECT * FROM t.i WHERE id = 'DELETE FROM x'"});
        assert_eq!(needs("ExecuteStatement", &insert), all(&[("PartiQLInsert", "t")]));
        assert_eq!(
            needs("ExecuteStatement", &select),
            all(&[("PartiQLSelect", "t/index/i")])
        );
        assert_eq!(
            needs(
                "ExecuteTransaction",
                &json!({"TransactStatements": [insert, select]})
            ),
            all(&[("PartiQLInsert", "t"), ("PartiQLSelect", "t/index/i")])
        );
        let odd = json!({"Statement": "REPLACE INTO t VALUE {'id': ?}"});
        assert_eq!(needs("ExecuteStatement", &odd), Needs::Unknown);
        assert_eq!(
            needs(
                "ExecuteTransaction",
                &json!({"TransactStatements": [insert, odd]})
            ),
            Needs::Unknown
        );
        let Needs::EachStatement(each) =
            needs("BatchExecuteStatement", &json!({"Statements": [insert, odd]}))
        else {
            panic!("each statement");
        };
        assert_eq!((each[0].is_some(), each[1].is_some()), (true, false));
    }
}
