"""All stored data are encrypted. With a customer-managed key, every service that needs the key can use it."""

import json

import pytest
from deployed_template import deployed, each_of_type, of_type

KEY = {"Fn::GetAtt": ["Key", "Arn"]}
CUSTOMER = deployed(Encryption="CUSTOMER_MANAGED", ApiAccessLogs="ENABLED")


def role_statements(template, role):
    (policy,) = template["Resources"][role]["Properties"]["Policies"]
    return {one["Sid"]: one for one in policy["PolicyDocument"]["Statement"]}


def test_by_default_aws_manages_the_keys():
    template = deployed()
    assert not of_type(template, "AWS::KMS::Key")
    for name, queue in each_of_type(template, "AWS::SQS::Queue").items():
        # Not `alias/aws/sqs`, with which SNS cannot write.
        assert queue["SqsManagedSseEnabled"] is True and "KmsMasterKeyId" not in queue, name
    for name, topic in each_of_type(template, "AWS::SNS::Topic").items():
        assert topic["KmsMasterKeyId"] == "alias/aws/sns", name
    for name, table in each_of_type(template, "AWS::DynamoDB::Table").items():
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}, name
    assert "kms:" not in json.dumps(template)


def test_one_customer_managed_key_encrypts_all_stored_data():
    for name, queue in each_of_type(CUSTOMER, "AWS::SQS::Queue").items():
        # The two exclude each other.
        assert queue["KmsMasterKeyId"] == KEY and "SqsManagedSseEnabled" not in queue, name
    for name, topic in each_of_type(CUSTOMER, "AWS::SNS::Topic").items():
        assert topic["KmsMasterKeyId"] == KEY, name
    for name, group in each_of_type(CUSTOMER, "AWS::Logs::LogGroup").items():
        assert group["KmsKeyId"] == KEY, name
    for name, table in each_of_type(CUSTOMER, "AWS::DynamoDB::Table").items():
        assert table["SSESpecification"]["KMSMasterKeyId"] == KEY, name
    (key,) = of_type(CUSTOMER, "AWS::KMS::Key").values()
    assert key["EnableKeyRotation"] is True


@pytest.mark.parametrize(("service", "condition"), [
    ("sns.amazonaws.com", {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}),
    ("cloudwatch.amazonaws.com", {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}),
])
def test_services_use_the_key_for_this_account_alone(service, condition):
    (key,) = of_type(CUSTOMER, "AWS::KMS::Key").values()
    (statement,) = [s for s in key["KeyPolicy"]["Statement"] if s["Principal"].get("Service") == service]
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert statement["Condition"] == condition


def test_logs_use_the_key_for_the_groups_of_this_stack():
    (key,) = of_type(CUSTOMER, "AWS::KMS::Key").values()
    (statement,) = [s for s in key["KeyPolicy"]["Statement"] if s["Sid"] == "LogsAreKept"]
    pattern = statement["Condition"]["StringLike"]["kms:EncryptionContext:aws:logs:arn"]["Fn::Sub"]
    prefix, suffix = pattern.split(":log-group:")[1].split("*/")
    groups = [g["LogGroupName"]["Fn::Sub"] for g in each_of_type(CUSTOMER, "AWS::Logs::LogGroup").values()]
    assert len(groups) == 4
    for group in groups:
        assert group.startswith(prefix) and suffix.rstrip("*") in group, group


@pytest.mark.parametrize("role", ["OrderApiRole", "OrderWorkerRole", "NotifierRole"])
def test_a_function_uses_the_key_only_through_the_services_that_it_calls(role):
    statements = role_statements(CUSTOMER, role)
    use = statements.pop("UseKey")
    assert use["Resource"] == KEY
    assert "kms:Decrypt" in use["Action"] and "kms:GenerateDataKey" in use["Action"]
    via = {one["Fn::Sub"].split(".")[0] for one in use["Condition"]["StringEquals"]["kms:ViaService"]}
    actions = [a for s in statements.values() for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])]
    assert via == {a.split(":")[0] for a in actions} - {"logs"}
    assert "UseKey" not in role_statements(deployed(), role)


def test_the_key_does_not_refer_to_what_it_encrypts():
    """CloudFormation refuses a circle: the table needs the key, and a role needs the table."""
    assert "Fn::GetAtt" not in json.dumps(CUSTOMER["Resources"]["Key"])
