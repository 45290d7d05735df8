"""Every policy of template.yaml, checked by parliament with the ARNs that it will have."""

import json
import re

import parliament
import pytest
from deployed_template import ORDERS, SHOP, deployed, each_of_type

# With everything that a parameter can add.
TEMPLATE = deployed(
    ApiAccessLogs="ENABLED_WITH_ACCOUNT_ROLE",
    Canary="ENABLED",
    Encryption="CUSTOMER_MANAGED",
    NotificationEmail="shop@example.com",
    Release="1",
    Tracing="ENABLED",
    WebAcl="ENABLED",
)
ACCOUNT = "us-east-1:123456789012"
ARNS = {
    "AWS::SQS::Queue": f"arn:aws:sqs:{ACCOUNT}:{{}}",
    "AWS::SNS::Topic": f"arn:aws:sns:{ACCOUNT}:{{}}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{ACCOUNT}:table/{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{ACCOUNT}:log-group:{{}}:*",
    "AWS::KMS::Key": f"arn:aws:kms:{ACCOUNT}:key/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{ACCOUNT}:function:{{}}",
}
PSEUDO = {"AWS::AccountId": "123456789012", "AWS::Partition": "aws", "AWS::Region": "us-east-1"}
EXPECTED = {
    # API Gateway accepts a role for access logs only with these actions on everything: the role serves every API of the account.
    "ApiGatewayAccountRole/access-logs": {"RESOURCE_STAR"},
    # CloudWatch describes alarms only with rights on all.
    "CanaryRole/canary": {"RESOURCE_STAR"},
    # In the policy of a key, `*` is the key.
    "Key": {"RESOURCE_STAR"},
}


def policies():
    for role, properties in each_of_type(TEMPLATE, "AWS::IAM::Role").items():
        for policy in properties["Policies"]:
            yield f"{role}/{policy['PolicyName']}", policy["PolicyDocument"]
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        for name, properties in each_of_type(TEMPLATE, kind).items():
            yield name, properties["PolicyDocument"]
    for name, properties in each_of_type(TEMPLATE, "AWS::KMS::Key").items():
        yield name, properties["KeyPolicy"]


def arn(name):
    return ARNS[TEMPLATE["Resources"][name]["Type"]].format(name)


def concrete(node):
    """The policy with each reference to a resource replaced by the resource's ARN."""
    if isinstance(node, list):
        return [concrete(one) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("Ref") in PSEUDO:
        return PSEUDO[node["Ref"]]
    if node and node.keys() <= {"Ref", "Fn::GetAtt"}:
        (target,) = node.values()
        name = target if isinstance(target, str) else target[0]
        return arn(name)
    if node.keys() == {"Fn::Sub"}:
        text = re.sub(r"\$\{(\w+)\.Arn\}", lambda match: arn(match[1]), node["Fn::Sub"])
        return re.sub(r"\$\{([A-Za-z:]+)\}", lambda match: PSEUDO.get(match[1], ""), text)
    return {key: concrete(value) for key, value in node.items()}


@pytest.mark.parametrize(("name", "policy"), list(policies()), ids=lambda value: value if isinstance(value, str) else "")
def test_parliament_finds_nothing(name, policy):
    findings = parliament.analyze_policy_string(json.dumps(concrete(policy))).findings
    assert {finding.issue for finding in findings} == EXPECTED.get(name, set()), findings


def test_parliament_would_find_something():
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sqs:SendMesage", "Resource": "*"}],
        }
    )
    assert [f.issue for f in parliament.analyze_policy_string(policy).findings] == ["UNKNOWN_ACTION"]


@pytest.mark.parametrize("template", [ORDERS, SHOP], ids=["orders", "shop"])
def test_api_and_functions_record_traces_if_that_is_wanted_and_only_then(template):
    for tracing, mode in (("ENABLED", "Active"), ("DISABLED", "PassThrough")):
        form = template.deployed(Tracing=tracing)
        is_recorded = tracing == "ENABLED"
        for stage in each_of_type(form, "AWS::ApiGateway::Stage").values():
            assert stage["TracingEnabled"] is is_recorded
        roles = each_of_type(form, "AWS::IAM::Role")
        for function in each_of_type(form, "AWS::Lambda::Function").values():
            assert function["TracingConfig"] == {"Mode": mode}
            role = roles[function["Role"]["Fn::GetAtt"][0]]
            sids = [one["Sid"] for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
            assert ("RecordTraces" in sids) is is_recorded


def test_order_worker_can_add_and_cancel_orders_and_cannot_replace_or_delete_them():
    policies_of_role = TEMPLATE["Resources"]["OrderWorkerRole"]["Properties"]["Policies"]
    statements = [one for policy in policies_of_role for one in policy["PolicyDocument"]["Statement"]]
    actions = {action for one in statements for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])}
    assert {action for action in actions if action.startswith("dynamodb:")} == {
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLUpdate",
        "dynamodb:BatchGetItem",
    }
    assert not [action for action in actions if "*" in action]
