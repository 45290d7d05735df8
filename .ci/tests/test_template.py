"""Questions of a review of template.yaml, asked of its transformed form."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from deployed_template import deployed, each_of_type, of_type, source, transformed, translated

MODES = {"AWS_IAM": [{"sigv4": []}], "API_KEY": [{"api_key": []}], "NONE": []}
ANY_METHOD = "x-amazon-apigateway-any-method"


def body(template):
    (api,) = of_type(template, "AWS::ApiGateway::RestApi").values()
    return api["Body"]


def statements(template):
    """Every statement of every identity policy, with the role's logical id."""
    for role, properties in each_of_type(template, "AWS::IAM::Role").items():
        for policy in properties["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield role, statement


def listed(one_or_more):
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


@pytest.mark.parametrize("mode", MODES)
def test_every_method_asks_for_the_authorization_of_its_mode(mode):
    for path, item in body(deployed(ApiAuth=mode, AllowedOrigins="*"))["paths"].items():
        methods = {k: v for k, v in item.items() if k != "parameters"}
        assert {ANY_METHOD, "options"} <= methods.keys(), path
        for method, operation in methods.items():
            # A browser sends no credentials with a preflight.
            assert operation["security"] == ([] if method == "options" else MODES[mode]), (method, path)


def preflights(origins):
    """The integration of `OPTIONS` on each path."""
    for path, item in body(deployed(AllowedOrigins=origins))["paths"].items():
        # A browser sends it without credentials, and accepts only an answer with a success status.
        assert item["options"]["security"] == [], path
        yield path, item["options"], item["options"]["x-amazon-apigateway-integration"]


def answer_of(integration):
    answer = integration["responses"]["default"]
    prefix, parameters = "method.response.header.", answer["responseParameters"]
    return {name.removeprefix(prefix): value.strip("'") for name, value in parameters.items()}, answer.get("responseTemplates")


@pytest.mark.parametrize("origins", ["*", "https://a.example,http://localhost:3000"])
def test_a_preflight_invokes_no_function_and_answers_as_order_api_would(origins):
    handler, route = (Path(f"order-api/src/{name}.rs").read_text() for name in ("handler/mod", "route"))
    (allowed,) = re.findall(r'const ALLOWED_HEADERS: &str = "([^"]+)";', handler)
    methods = set(re.findall(r'"((?:[A-Z]+, )+OPTIONS)"', route))
    used = set()
    for path, operation, integration in preflights(origins):
        assert (integration["type"], integration["passthroughBehavior"]) == ("mock", "never"), path
        assert json.loads(integration["requestTemplates"]["application/json"]) == {"statusCode": 204}
        headers, template = answer_of(integration)
        # AWS refuses a parameter of a header that the method does not declare.
        assert headers.keys() <= operation["responses"]["204"]["headers"].keys()
        assert headers["Access-Control-Allow-Headers"] == re.sub(r"\\\s+", "", allowed)
        assert headers["Access-Control-Allow-Methods"] == headers["Allow"]
        used.add(headers["Allow"])
        if origins == "*":
            assert (headers["Access-Control-Allow-Origin"], template) == ("*", None)
            assert "Vary" not in headers
        else:
            # The answer depends on the origin: a cache must keep them apart.
            assert headers["Vary"] == "Origin"
            assert "Access-Control-Allow-Origin" not in headers
            assert "responseOverride.header.Access-Control-Allow-Origin" in json.dumps(template)
    assert used == methods


def test_without_origins_no_method_is_free_of_authorization():
    for path, item in body(deployed())["paths"].items():
        assert ANY_METHOD in item and "options" not in item, path


def test_a_restored_table_replaces_the_stacks_in_every_function_and_right():
    own, restored = deployed(), deployed(RestoredTableName="orders-2026-11-29")
    assert "orders-2026-11-29" not in json.dumps(own)
    names = [
        function["Environment"]["Variables"]["ORDERS_TABLE"]
        for function in of_type(restored, "AWS::Lambda::Function").values()
        if "ORDERS_TABLE" in function.get("Environment", {}).get("Variables", {})
    ]
    assert names == ["orders-2026-11-29"] * 3
    assert restored["Outputs"]["OrdersTableName"]["Value"] == "orders-2026-11-29"
    # Nothing but the protected table itself names the stack's table any more.
    texts = {k: json.dumps(v) for k, v in restored["Resources"].items() if k != "OrdersTable"}
    assert not [k for k, text in texts.items() if "OrdersTable" in text]
    rights = [json.dumps(s["Resource"]) for _, s in statements(restored) if "dynamodb:" in json.dumps(s["Action"])]
    rights = [right for right in rights if "ClaimsTable" not in right]
    assert len(rights) == 4 and all(":table/orders-2026-11-29" in right or ":table/${RestoredTableName}" in right for right in rights)


REFUSED = {
    "OrdersBatchNeedsWindow": {"OrdersBatchSize": 11},
    "NotificationsBatchNeedsWindow": {"NotificationsBatchSize": 100, "NotificationsBatchWindowSeconds": 0},
    "ProdAsksWhoCalls": {"Stage": "prod", "ApiAuth": "NONE"},
    "WorkersHaveConcurrency": {"OrderWorkerReservedConcurrency": 3},
    "CanaryNamesItsRelease": {"Canary": "ENABLED"},
    "ClaimsEndBeforeTheirOrders": {"OrderRetentionDays": "365", "ClaimRetentionDays": 31},
}


def broken_rules(**overrides):
    """The names of the rules that refuse these parameters."""
    values = {name: one.get("Default") for name, one in source()["Parameters"].items()} | overrides

    def evaluate(node):
        if not isinstance(node, dict):
            return str(node)
        ((function, argument),) = node.items()
        match function:
            case "Ref":
                return str(values[argument])
            case "Fn::Not":
                return not evaluate(argument[0])
            case "Fn::Or":
                return any([evaluate(one) for one in argument])
            case "Fn::Equals":
                return evaluate(argument[0]) == evaluate(argument[1])
            case "Fn::Contains":
                return evaluate(argument[1]) in argument[0]
        raise AssertionError(function)

    return {
        name
        for name, rule in source()["Rules"].items()
        if evaluate(rule.get("RuleCondition", {"Fn::Equals": ["", ""]}))
        for assertion in rule["Assertions"]
        if not evaluate(assertion["Assert"])
    }


def test_parameters_that_cannot_be_combined_are_refused():
    assert source()["Rules"].keys() == REFUSED.keys()
    for name, parameters in REFUSED.items():
        assert broken_rules(**parameters) == {name}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"OrdersBatchSize": 10000, "OrdersBatchWindowSeconds": 1},
        {"NotificationsBatchSize": 10, "NotificationsBatchWindowSeconds": 0},
        {"Stage": "prod", "ApiAuth": "API_KEY"},
        {"ApiAuth": "NONE"},
        {"OrderWorkerReservedConcurrency": 22, "NotifierReservedConcurrency": 4},
        {"Canary": "ENABLED", "Release": "2026-11-29"},
        {"Release": "2026-11-29"},
        {"ClaimRetentionDays": 3650},
        {"OrderRetentionDays": "90", "ClaimRetentionDays": 30},
    ],
)
def test_other_combinations_are_accepted(parameters):
    assert not broken_rules(**parameters)


@pytest.mark.parametrize("origins", ["", "*", "https://shop.example.com,http://localhost:3000"])
def test_allowed_origins_reach_the_function(origins):
    functions = of_type(deployed(AllowedOrigins=origins), "AWS::Lambda::Function")
    assert functions["OrderApiFunction"]["Environment"]["Variables"]["ALLOWED_ORIGINS"] == origins
    assert re.fullmatch(source()["Parameters"]["AllowedOrigins"]["AllowedPattern"], origins)


@pytest.mark.parametrize("groups", ["CUSTOMER", "NONE"])
def test_message_groups_reach_the_function(groups):
    assert groups in source()["Parameters"]["MessageGroups"]["AllowedValues"]
    functions = of_type(deployed(MessageGroups=groups), "AWS::Lambda::Function")
    assert functions["OrderApiFunction"]["Environment"]["Variables"]["MESSAGE_GROUPS"] == groups


def test_a_wrong_origin_is_refused_before_the_deployment():
    pattern = source()["Parameters"]["AllowedOrigins"]["AllowedPattern"]
    for origins in ("shop.example.com", "https://shop.example.com/", "https://*.example.com", "https://a.example,*", "null"):
        assert not re.fullmatch(pattern, origins), origins


def test_order_api_reads_orders_and_their_index_and_writes_claims_alone():
    granted = {
        (action, json.dumps(statement["Resource"]))
        for role, statement in statements(deployed())
        if role == "OrderApiRole"
        for action in listed(statement["Action"])
        if not action.startswith("logs:")
    }
    table = json.dumps({"Fn::GetAtt": ["OrdersTable", "Arn"]})
    claims = json.dumps({"Fn::GetAtt": ["ClaimsTable", "Arn"]})
    (index,) = of_type(deployed(), "AWS::DynamoDB::Table")["OrdersTable"]["GlobalSecondaryIndexes"]
    assert granted == {
        ("sqs:SendMessage", json.dumps({"Fn::GetAtt": ["OrdersQueue", "Arn"]})),
        ("dynamodb:GetItem", table),
        ("dynamodb:BatchGetItem", table),
        ("dynamodb:Query", json.dumps({"Fn::Sub": "${OrdersTable.Arn}/index/" + index["IndexName"]})),
        ("dynamodb:PartiQLInsert", claims),
        ("dynamodb:PartiQLUpdate", claims),
        ("dynamodb:BatchGetItem", claims),
    }


# The values of CustomerIndex, in the sequence in which a deployed stack takes them, each with its indexes and the one that is read.
CUSTOMER_INDEXES = {
    "ALL": ({"by_customer": "ALL"}, "by_customer"),
    "BOTH_READ_ALL": ({"by_customer": "ALL", "by_customer_keys": "KEYS_ONLY"}, "by_customer"),
    "BOTH_READ_KEYS": ({"by_customer": "ALL", "by_customer_keys": "KEYS_ONLY"}, "by_customer_keys"),
    "KEYS": ({"by_customer_keys": "KEYS_ONLY"}, "by_customer_keys"),
}


@pytest.mark.parametrize("value", CUSTOMER_INDEXES)
def test_order_api_reads_an_index_that_is_there_and_may_query_each(value):
    indexes, read = CUSTOMER_INDEXES[value]
    template = deployed(CustomerIndex=value)
    table = of_type(template, "AWS::DynamoDB::Table")["OrdersTable"]
    assert {index["IndexName"]: index["Projection"]["ProjectionType"] for index in table["GlobalSecondaryIndexes"]} == indexes
    assert len({json.dumps(index["KeySchema"]) for index in table["GlobalSecondaryIndexes"]}) == 1
    function = of_type(template, "AWS::Lambda::Function")["OrderApiFunction"]
    assert function["Environment"]["Variables"]["CUSTOMER_INDEX"] == read
    assert template["Outputs"]["CustomerIndexName"]["Value"] == read
    # While a deployment goes on, or is taken back, the version of the step before reads as well.
    rights = [s["Resource"] for role, s in statements(template) if role == "OrderApiRole" and s["Action"] == "dynamodb:Query"]
    assert {right["Fn::Sub"].rsplit("/", 1)[1] for right in rights} == indexes.keys()


def test_each_step_of_the_index_adds_or_deletes_one_index_or_changes_which_is_read():
    steps = list(CUSTOMER_INDEXES.values())
    assert CUSTOMER_INDEXES.keys() == set(source()["Parameters"]["CustomerIndex"]["AllowedValues"])
    for (before, read_before), (after, read_after) in zip(steps, steps[1:]):
        # DynamoDB creates or deletes one index in an update. CloudFormation does not wait until a new one can be read.
        assert len(before.keys() ^ after.keys()) + (read_before != read_after) == 1
        assert read_before in after and read_after in before


@pytest.mark.parametrize("rule", ["DISABLED", "ENABLED"])
def test_the_rule_for_keys_reaches_the_function(rule):
    template = deployed(RequireIdempotencyKey=rule)
    variables = of_type(template, "AWS::Lambda::Function")["OrderApiFunction"]["Environment"]["Variables"]
    assert variables["REQUIRE_IDEMPOTENCY_KEY"] == rule
    assert source()["Parameters"]["RequireIdempotencyKey"]["Default"] == "DISABLED"


def test_claims_expire_after_every_message():
    template = deployed(ClaimRetentionDays=20)
    claims = of_type(template, "AWS::DynamoDB::Table")["ClaimsTable"]
    assert claims["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    functions = of_type(template, "AWS::Lambda::Function")
    assert int(functions["OrderApiFunction"]["Environment"]["Variables"]["CLAIM_RETENTION_DAYS"]) == 20
    # A dead letter is kept for 14 days, and a replay may still store its order.
    assert source()["Parameters"]["ClaimRetentionDays"]["MinValue"] > 14


@pytest.mark.parametrize(
    "tenants",
    ["", "api-key:2xjk1c9f3d=tenant:acme", "api-key:new1=api-key:old1,iam:AROAEXAMPLE=tenant:a.b-c_d,open=tenant:acme,iam:AIDAX=open"],
)
def test_tenants_reach_the_function_and_the_operator(tenants):
    template = deployed(Tenants=tenants)
    variables = of_type(template, "AWS::Lambda::Function")["OrderApiFunction"]["Environment"]["Variables"]
    assert variables["TENANTS"] == tenants
    assert re.fullmatch(source()["Parameters"]["Tenants"]["AllowedPattern"], tenants)
    # A name of 4 KB is too long for a function's environment.
    assert source()["Parameters"]["Tenants"]["MaxLength"] <= 2000
    outputs = template["Outputs"]
    assert outputs.get("Tenants", {"Value": ""})["Value"] == tenants


def test_wrong_tenants_are_refused_before_the_deployment():
    pattern = source()["Parameters"]["Tenants"]["AllowedPattern"]
    role = "arn:aws:iam::123456789012:role/shop"
    for tenants in ("acme", "api-key:k1", "api-key:k1=acme", "k1=tenant:acme", "api-key:k1=tenant:a,", f"{role}=tenant:a", "tenant:a=tenant:b"):
        assert not re.fullmatch(pattern, tenants), tenants


def test_orders_are_kept_for_ever_or_longer_than_every_message_and_claim():
    (retention,) = re.findall(r"MIN_DAYS: u32 = ([0-9]+);", Path("order-table/src/retention.rs").read_text())
    (most,) = re.findall(r"MAX_DAYS: u32 = ([0-9]+);", Path("order-table/src/retention.rs").read_text())
    parameters = source()["Parameters"]
    pattern = parameters["OrderRetentionDays"]["AllowedPattern"]
    assert parameters["OrderRetentionDays"]["Default"] == "0"
    assert {n for n in range(12000) if re.fullmatch(pattern, str(n))} == {0, *range(int(retention), int(most) + 1)}
    # A message that is replayed on the last day of its dead letter lasts as long again.
    seconds = parameters["MaxRetrySeconds"]["MaxValue"] + parameters["QueueRetentionSeconds"]["MaxValue"] + 14 * 86400
    assert 2 * seconds <= int(retention) * 86400
    # Until a claim ends, a repeated request may send the order again as it was. DynamoDB deletes a claim some days late. A day before
    # its row may be deleted, a message counts as too late.
    (assertion,) = source()["Rules"]["ClaimsEndBeforeTheirOrders"]["Assertions"]
    claim = max(int(day) for day in assertion["Assert"]["Fn::Contains"][0])
    assert (claim + 7) * 86400 + seconds < (int(retention) - 1) * 86400


def test_the_retention_of_orders_reaches_the_worker_and_the_operator():
    template = deployed(OrderRetentionDays="365")
    functions = of_type(template, "AWS::Lambda::Function")
    assert functions["OrderWorkerFunction"]["Environment"]["Variables"]["ORDER_RETENTION_DAYS"] == "365"
    table = of_type(template, "AWS::DynamoDB::Table")["OrdersTable"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert template["Outputs"]["OrderRetentionDays"]["Value"] == "365"


def test_iam_is_the_default():
    assert body(deployed()) == body(deployed(ApiAuth="AWS_IAM"))


def test_the_schemes_are_the_gateways_own():
    schemes = body(deployed())["components"]["securitySchemes"]
    assert schemes["sigv4"]["x-amazon-apigateway-authtype"] == "awsSigv4"
    assert schemes["sigv4"]["name"] == "Authorization"
    assert schemes["api_key"] == {"type": "apiKey", "name": "x-api-key", "in": "header"}


def test_a_new_authorization_reaches_the_stage(monkeypatch):
    """A stage serves its deployment. SAM makes a new one only if the text of the body changed."""
    now = iter(range(100))
    monkeypatch.setattr("samtranslator.model.apigateway.time.time", lambda: next(now))
    # The time is part of the name of the deployment, so a cached template would not do.
    templates = [transformed(ApiAuth=mode) for mode in MODES]
    deployments = [name for t in templates for name in each_of_type(t, "AWS::ApiGateway::Deployment")]
    assert len(set(deployments)) == len(MODES)
    for template, deployment in zip(templates, deployments, strict=True):
        (stage,) = of_type(template, "AWS::ApiGateway::Stage").values()
        assert stage["DeploymentId"] == {"Ref": deployment}


def test_a_key_and_its_plan_exist_only_where_keys_are_asked_for():
    for mode in MODES:
        kinds = {r["Type"] for r in deployed(ApiAuth=mode)["Resources"].values()}
        key = {"AWS::ApiGateway::ApiKey", "AWS::ApiGateway::UsagePlan", "AWS::ApiGateway::UsagePlanKey"}
        assert kinds & key == (key if mode == "API_KEY" else set()), mode


def test_the_routes_of_the_body_are_the_functions_events():
    """AWS serves the routes of the body, and the events may invoke the function: both must be the same."""
    events = source()["Resources"]["OrderApiFunction"]["Properties"]["Events"].values()
    assert {e["Properties"]["Path"] for e in events} == set(body(deployed())["paths"])
    assert {e["Properties"]["Method"] for e in events} == {"ANY"}


def test_no_route_passes_the_callers_credentials_on():
    for item in body(deployed())["paths"].values():
        for method, operation in item.items():
            if method != "parameters":
                integration = operation["x-amazon-apigateway-integration"]
                assert integration.keys() == {"type", "httpMethod", "uri"}


def test_every_method_reaches_the_same_function():
    """The template writes the integration out for each: docs/DEPLOY.md says why."""
    operations = [o for item in body(deployed())["paths"].values() for method, o in item.items() if method != "parameters"]
    integrations = [json.dumps(operation["x-amazon-apigateway-integration"]) for operation in operations]
    assert len(integrations) == 9
    assert len(set(integrations)) == 1


def test_every_alarm_compares_alike():
    """An alarm fires above its threshold, and is quiet where there are no data. One stays as it is, because nobody looks while there are no orders."""
    alarms = each_of_type(deployed(NotificationEmail="shop@example.com"), "AWS::CloudWatch::Alarm")
    assert len(alarms) == 31
    for name, alarm in alarms.items():
        missing = "ignore" if name == "ShopUnsubscribedAlarm" else "notBreaching"
        assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("GreaterThanThreshold", missing), name
        assert alarm["AlarmDescription"].endswith("."), name


def test_roles_have_no_managed_policy_and_no_wildcard():
    template = deployed()
    for role, properties in each_of_type(template, "AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in properties, role
    for role, statement in statements(template):
        assert statement["Effect"] == "Allow"
        for action in listed(statement["Action"]):
            assert "*" not in action, role
        for resource in listed(statement["Resource"]):
            # A reference to one resource. A string would be an ARN that somebody typed.
            assert isinstance(resource, dict), (role, resource)


def test_order_worker_only_adds_to_the_claims():
    granted = {
        action
        for role, statement in statements(deployed())
        if role == "OrderWorkerRole" and "ClaimsTable" in json.dumps(statement["Resource"])
        for action in listed(statement["Action"])
    }
    assert granted == {"dynamodb:PartiQLInsert"}


def test_order_worker_cannot_replace_or_delete_an_order():
    actions = {
        action
        for role, statement in statements(deployed())
        if role == "OrderWorkerRole"
        for action in listed(statement["Action"])
        if action.startswith("dynamodb:")
    }
    assert actions == {"dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate", "dynamodb:BatchGetItem"}


def test_each_function_has_a_role_of_its_own():
    functions = of_type(deployed(), "AWS::Lambda::Function")
    roles = {name: f["Role"]["Fn::GetAtt"][0] for name, f in functions.items()}
    assert roles == {name: name.replace("Function", "Role") for name in functions}


def test_a_message_stays_hidden_for_six_timeouts_and_the_longest_window():
    written, template = source(), deployed()
    queues, functions = of_type(template, "AWS::SQS::Queue"), of_type(template, "AWS::Lambda::Function")
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping")
    assert len(mappings) == 4
    for mapping in mappings.values():
        queue = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]
        function = functions[mapping["FunctionName"]["Ref"]]
        stem = queue["QueueName"]["Fn::Sub"].removeprefix("${NamePrefix}").capitalize()
        if "MaximumBatchingWindowInSeconds" in mapping:
            window = written["Parameters"][f"{stem}BatchWindowSeconds"]["MaxValue"]
        else:
            # A mapping of a retry queue has no window.
            assert (mapping["BatchSize"], stem.endswith("-retry")) == (1, True)
            window = 0
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"] + window


def test_every_mapping_reports_failures_one_by_one():
    for mapping in each_of_type(deployed(), "AWS::Lambda::EventSourceMapping").values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2


def test_a_dead_letter_queue_outlives_its_source():
    queues = of_type(deployed(), "AWS::SQS::Queue")
    sources = {name: q for name, q in queues.items() if "RedrivePolicy" in q}
    assert len(sources) == 4
    for name, queue in sources.items():
        dead = queues[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"], name


def test_a_dead_letter_is_kept_14_days():
    queues = of_type(deployed(), "AWS::SQS::Queue")
    sources = [queue for queue in queues.values() if "RedrivePolicy" in queue]
    assert len(sources) == 4
    for queue in sources:
        dead = queues[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        assert dead["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def test_queues_and_topics_refuse_plain_http():
    template = deployed()
    denied = set()
    for kind, subjects in (("AWS::SQS::QueuePolicy", "Queues"), ("AWS::SNS::TopicPolicy", "Topics")):
        for policy in each_of_type(template, kind).values():
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}:
                    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
                    denied |= {subject["Ref"] for subject in policy[subjects]}
    assert denied == {*of_type(template, "AWS::SQS::Queue"), *of_type(template, "AWS::SNS::Topic")}


def test_only_its_topic_may_write_to_a_queue():
    written_to = set()
    for policy in each_of_type(deployed(), "AWS::SQS::QueuePolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
                assert statement["Action"] == "sqs:SendMessage"
                queue = statement["Resource"]["Fn::GetAtt"][0]
                topic = "OrderEmailsTopic" if queue == "EmailsDeliveryDlq" else "OrderEventsTopic"
                assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": topic}}}
                written_to.add(queue)
    assert written_to == {"NotificationsQueue", "NotificationsDeliveryDlq", "EmailsDeliveryDlq"}


@pytest.mark.parametrize(("stage", "protected"), [("dev", False), ("staging", False), ("prod", True)])
def test_only_prod_protects_its_table(stage, protected):
    table = of_type(deployed(Stage=stage), "AWS::DynamoDB::Table")["OrdersTable"]
    assert table["DeletionProtectionEnabled"] is protected
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_deletion_policies_are_literals():
    policies = {
        (name, policy): resource[policy]
        for name, resource in source()["Resources"].items()
        for policy in ("DeletionPolicy", "UpdateReplacePolicy")
        if policy in resource
    }
    assert ("OrdersTable", "DeletionPolicy") in policies
    assert {type(policy) for policy in policies.values()} == {str}


def test_an_email_subscription_needs_an_address():
    def protocols(**parameters):
        return sorted(s["Protocol"] for s in each_of_type(deployed(**parameters), "AWS::SNS::Subscription").values())

    assert protocols() == ["sqs"]
    assert protocols(NotificationEmail="shop@example.com") == ["email", "sqs"]


def test_alarms_act_only_where_there_is_a_topic_for_them():
    topic = "arn:aws:sns:us-east-1:000000000000:ops"
    for alarm in each_of_type(deployed(), "AWS::CloudWatch::Alarm").values():
        assert "AlarmActions" not in alarm and "OKActions" not in alarm
    for alarm in each_of_type(deployed(AlarmTopicArn=topic), "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [topic]


def test_the_log_level_reaches_lambda():
    """Lambda drops JSON lines below ApplicationLogLevel, whatever the function writes."""
    for level, expected in {"error": "ERROR", "warn": "WARN", "info": "INFO", "debug": "DEBUG"}.items():
        functions = each_of_type(deployed(LogLevel=level), "AWS::Lambda::Function")
        assert {f["LoggingConfig"]["ApplicationLogLevel"] for f in functions.values()} == {expected}


@pytest.mark.parametrize("level", ["INFO", "WARN"])
def test_the_level_of_lambdas_own_lines_reaches_each_function(level):
    assert level in source()["Parameters"]["SystemLogLevel"]["AllowedValues"]
    functions = each_of_type(deployed(SystemLogLevel=level), "AWS::Lambda::Function")
    assert {f["LoggingConfig"]["SystemLogLevel"] for f in functions.values()} == {level}


def test_an_outage_is_told_within_two_minutes():
    """The suite shows that the alarm rings (`alarms::an_outage_of_the_table_rings_although_no_age_and_no_error_alarm_does`)."""
    for name in ("OrdersPutOffAlarm", "NotificationsPutOffAlarm"):
        template = deployed()
        alarm = template["Resources"][name]["Properties"]
        metrics = {query["Id"]: query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query}
        assert [query["Expression"] for query in alarm["Metrics"] if query["ReturnData"]] == ["MAX([delayed, held])"]
        assert metrics["delayed"]["Metric"]["MetricName"] == "ApproximateNumberOfMessagesDelayed"
        assert all(metric["Period"] * alarm["EvaluationPeriods"] <= 120 for metric in metrics.values())
        # A test in notifier shows that the functions log the field of the filter.
        held = metrics["held"]["Metric"]
        metric_filter = of_type(template, "AWS::Logs::MetricFilter")[f"{held['MetricName']}MetricFilter"]
        assert metric_filter["FilterPattern"] == "{ $.held > 0 }"
        (metric,) = metric_filter["MetricTransformations"]
        assert (held["Namespace"], metric["MetricValue"]) == (metric["MetricNamespace"], "$.held")


def test_every_queue_and_function_is_watched():
    template = deployed()
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    watched = {(a.get("MetricName"), json.dumps(d["Value"])) for a in alarms for d in a.get("Dimensions", [])}
    queues = of_type(template, "AWS::SQS::Queue")
    for name, queue in queues.items():
        metric = "ApproximateAgeOfOldestMessage" if "RedrivePolicy" in queue else "ApproximateNumberOfMessagesVisible"
        assert (metric, json.dumps({"Fn::GetAtt": [name, "QueueName"]})) in watched
    for name in each_of_type(template, "AWS::Lambda::Function"):
        assert {("Errors", json.dumps({"Ref": name})), ("Throttles", json.dumps({"Ref": name}))} <= watched


def test_undeliverable_messages_of_sns_have_queues_of_their_own():
    """The dead letters of a queue were read and refused. These were never read, and are replayed in another way."""
    template = deployed(NotificationEmail="shop@example.com")
    queues = of_type(template, "AWS::SQS::Queue")
    for_queues = {q["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for q in queues.values() if "RedrivePolicy" in q}
    subscriptions = of_type(template, "AWS::SNS::Subscription").values()
    for_subscriptions = [s["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for s in subscriptions]
    assert len(set(for_subscriptions)) == len(for_subscriptions) == 2
    assert not for_queues & set(for_subscriptions)
    for name in for_subscriptions:
        assert queues[name]["MessageRetentionPeriod"] == 1209600


def test_nobody_subscribed_is_an_alarm():
    """The metric is the one that the alarm watches. A test in notifier shows that it logs the field of the filter."""
    template = deployed()
    metric_filter = of_type(template, "AWS::Logs::MetricFilter")["NoSubscriberMetricFilter"]
    assert metric_filter["FilterPattern"] == "{ $.no_subscriber > 0 }"
    assert metric_filter["LogGroupName"] == {"Ref": "NotifierLogGroup"}
    (metric,) = metric_filter["MetricTransformations"]
    alarm = template["Resources"]["NoSubscriberAlarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])
    assert metric["MetricValue"] == "$.no_subscriber"


def test_many_malformed_messages_are_an_alarm():
    """Tests in notifier and queue-consumer show when they log the field of the filters."""
    template = deployed()
    filters = of_type(template, "AWS::Logs::MetricFilter")
    alarm = template["Resources"]["MalformedMessagesAlarm"]["Properties"]
    for name, group in (("Orders", "OrderWorker"), ("Notifications", "Notifier")):
        metric_filter = filters[f"Malformed{name}MetricFilter"]
        assert metric_filter["FilterPattern"] == "{ $.malformed > 0 }"
        assert metric_filter["LogGroupName"] == {"Ref": f"{group}LogGroup"}
        (metric,) = metric_filter["MetricTransformations"]
        assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])
        assert metric["MetricValue"] == "$.malformed"


def test_the_alarm_of_the_age_fires_before_a_queue_deletes_a_message():
    """The event source mapping of a queue may be disabled: then no function sees the messages, and only the alarm does."""
    parameters, template = source()["Parameters"], deployed()
    half = parameters["QueueRetentionSeconds"]["MinValue"] / 2
    assert parameters["OldestMessageAlarmSeconds"]["MaxValue"] <= half
    queues = {name: q for name, q in of_type(template, "AWS::SQS::Queue").items() if "RedrivePolicy" in q}
    alarms = source()["Resources"]
    for name, queue in queues.items():
        assert queue["MessageRetentionPeriod"] == parameters["QueueRetentionSeconds"]["Default"]
        alarm = alarms[f"{name}AgeAlarm"]["Properties"]
        assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateAgeOfOldestMessage", {"Ref": "OldestMessageAlarmSeconds"})
        assert alarm["Period"] * alarm["EvaluationPeriods"] < half


def mapping_of(template, queue):
    """The only event source mapping of a queue."""
    mappings = each_of_type(template, "AWS::Lambda::EventSourceMapping").values()
    (mapping,) = (mapping for mapping in mappings if mapping["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]})
    return mapping


def notifications(**overrides):
    """The event source mapping of notifications, and the environment of notifier."""
    template = deployed(**overrides)
    variables = template["Resources"]["NotifierFunction"]["Properties"]["Environment"]["Variables"]
    return mapping_of(template, "NotificationsQueue"), variables


def test_notifiers_share_the_rate_of_emails():
    """The interval of each is right only if the number that runs is the number in its environment."""
    mapping, variables = notifications(NotificationsMaximumConcurrency=5, MaxEmailsPerSecond=3)
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 5}
    assert (variables["NOTIFIER_CONCURRENCY"], variables["MAX_EMAILS_PER_SECOND"]) == (5, 3)
    # SNS suspends an email subscription above 10 a second.
    assert source()["Parameters"]["MaxEmailsPerSecond"]["MaxValue"] == 8


def test_batches_and_the_pace_of_emails_by_default():
    mapping, variables = notifications()
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (100, 1)
    assert (variables["NOTIFIER_CONCURRENCY"], variables["MAX_EMAILS_PER_SECOND"], variables["DIGEST_THRESHOLD"]) == (2, 8, 10)
    orders = mapping_of(deployed(), "OrdersQueue")
    assert (orders["BatchSize"], orders["MaximumBatchingWindowInSeconds"]) == (10, 0)


@pytest.mark.parametrize(("stem", "function"), [("Orders", "OrderWorker"), ("Notifications", "Notifier")])
def test_a_retry_queue_feeds_the_function_of_its_queue_one_message_at_a_time(stem, function):
    template = deployed()
    mapping = mapping_of(template, f"{stem}RetryQueue")
    assert mapping["FunctionName"] == mapping_of(template, f"{stem}Queue")["FunctionName"] == {"Ref": f"{function}Function"}
    assert mapping["BatchSize"] == 1
    variables = template["Resources"][f"{function}Function"]["Properties"]["Environment"]["Variables"]
    assert variables["RETRY_QUEUE_URL"] == {"Ref": f"{stem}RetryQueue"}
    if function == "Notifier":
        # The rate of emails is shared with these.
        assert mapping["ScalingConfig"]["MaximumConcurrency"] == variables["NOTIFIER_RETRY_CONCURRENCY"]


def test_every_parameter_is_described_and_has_a_default():
    """`sam deploy --guided` accepts Enter for every question, and refuses a wrong answer before it creates anything."""
    for name, parameter in source()["Parameters"].items():
        assert parameter["Description"].endswith("."), name
        assert "Default" in parameter, name
        if parameter["Type"] == "Number":
            assert {"AllowedValues", "MinValue"} & parameter.keys(), name
        else:
            assert {"AllowedValues", "AllowedPattern"} & parameter.keys(), name


def test_every_parameter_is_used():
    text = json.dumps({k: v for k, v in source().items() if k != "Parameters"})
    for name in source()["Parameters"]:
        assert f'"Ref": "{name}"' in text or f"${{{name}}}" in text, name


@pytest.mark.parametrize("name", ["OrderApi", "OrderWorker", "Notifier"])
def test_concurrency_is_reserved_only_where_it_is_asked_for(name):
    def reserved(**parameters):
        return deployed(**parameters)["Resources"][f"{name}Function"]["Properties"].get("ReservedConcurrentExecutions")

    assert reserved() is None
    assert reserved(**{f"{name}ReservedConcurrency": 20}) == 20


def test_a_function_that_sends_messages_again_may_do_so_more_than_sixteen_times():
    """Lambda stops a function that sends to the queue that invokes it at the 16th message of a chain (boto3 issue 3899)."""
    template = deployed()
    functions = of_type(template, "AWS::Lambda::Function")
    for name, function in functions.items():
        sends_again = any(variable.endswith("_DLQ_URL") for variable in function["Environment"]["Variables"])
        assert function.get("RecursiveLoop") == ("Allow" if sends_again else None), name


def references(node):
    """Every name that the template refers to."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Ref":
                yield value
            elif key == "Fn::GetAtt":
                yield value[0] if isinstance(value, list) else value.split(".")[0]
            elif key == "Fn::Sub":
                text, own = value if isinstance(value, list) else (value, {})
                yield from (name for name in re.findall(r"\$\{([^}!]+)\}", text) if name not in own)
            else:
                yield from references(value)
    elif isinstance(node, list):
        for one in node:
            yield from references(one)


def test_every_reference_has_its_target():
    """cfn-lint does not see a wrong reference in the properties that SAM copies into the stage of the API."""
    template = source()
    known = template["Parameters"].keys() | template["Resources"].keys()
    for name in references({section: template[section] for section in ("Conditions", "Globals", "Resources", "Outputs")}):
        assert name.split(".")[0] in known or name.startswith("AWS::"), name


def test_the_linter_sees_the_resources_that_sam_makes(tmp_path):
    """CI lints the transformed template. The source alone would show neither of these faults."""
    template = translated()
    template["Resources"]["OrdersQueue"]["Properties"]["VisibilityTimeout"] = 1
    template["Resources"]["NotifierFunctionNotificationsQueue"]["Properties"]["ScalingConfig"] = {"MaximumConcurrency": 1}
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template))
    linter = Path(sys.executable).parent / "cfn-lint"
    found = subprocess.run([linter, "--template", path], capture_output=True, text=True, check=False).stdout
    assert {"E3505", "E3034"} <= set(re.findall(r"^[EW]\d{4}", found, re.MULTILINE))
