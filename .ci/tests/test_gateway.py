"""The protection of the API in front of order-api: throttles, limits, errors of the gateway, logs, the web ACL."""

import json
import re

import pytest
from deployed_template import deployed, of_type, source


def responses(**parameters):
    (api,) = of_type(deployed(**parameters), "AWS::ApiGateway::RestApi").values()
    return api["Body"]["x-amazon-apigateway-gateway-responses"]


def stage(**parameters):
    (one,) = of_type(deployed(**parameters), "AWS::ApiGateway::Stage").values()
    return one


def problem(response):
    """The document as a client gets it, with values for the variables of AWS."""
    text = response["responseTemplates"]["application/json"]
    filled = text.replace("$context.error.messageString", '"why"').replace("$context.requestId", "r-1")
    assert "$" not in filled
    return json.loads(filled)


@pytest.mark.parametrize("kind", responses())
def test_the_gateways_errors_are_problem_documents(kind):
    response = responses()[kind]
    document = problem(response)
    assert response["responseParameters"]["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
    assert document["type"].startswith("urn:orders:problem:")
    assert document["title"]
    assert document["detail"] == "why"
    # The contract requires it.
    assert document["status"] == int(response["statusCode"])


# API Gateway Developer Guide, "Gateway response types".
RESPONSE_TYPES = """
    ACCESS_DENIED 403, API_CONFIGURATION_ERROR 500, AUTHORIZER_CONFIGURATION_ERROR 500, AUTHORIZER_FAILURE 500, BAD_REQUEST_BODY 400,
    BAD_REQUEST_PARAMETERS 400, EXPIRED_TOKEN 403, INTEGRATION_FAILURE 504, INTEGRATION_TIMEOUT 504, INVALID_API_KEY 403,
    INVALID_SIGNATURE 403, MISSING_AUTHENTICATION_TOKEN 403, QUOTA_EXCEEDED 429, REQUEST_TOO_LARGE 413, RESOURCE_NOT_FOUND 404,
    THROTTLED 429, UNAUTHORIZED 401, UNSUPPORTED_MEDIA_TYPE 415, WAF_FILTERED 403
"""


def test_every_error_of_the_gateway_has_an_answer_with_its_status():
    """The two defaults are for types that AWS adds later, and for a function that fails. They cannot know the status, so they set it."""
    statuses = dict(pair.split() for pair in RESPONSE_TYPES.split(",")) | {"DEFAULT_4XX": "400", "DEFAULT_5XX": "502"}
    assert {kind: response["statusCode"] for kind, response in responses().items()} == statuses


def test_a_throttled_request_gets_retry_after():
    header = "gatewayresponse.header.Retry-After"
    assert responses()["THROTTLED"]["responseParameters"][header] == "'1'"
    # A page's script may read it.
    for response in responses(AllowedOrigins="*").values():
        exposed = response["responseParameters"].get("gatewayresponse.header.Access-Control-Expose-Headers")
        assert exposed == ("'Retry-After'" if header in response["responseParameters"] else None)


@pytest.mark.parametrize("kind", responses())
def test_errors_can_be_read_by_the_pages_that_may_call(kind):
    header = "gatewayresponse.header.Access-Control-Allow-Origin"
    assert header not in responses()[kind]["responseParameters"]
    # With several origins one fixed text cannot name each of them.
    for origins in ("*", "https://a.example,https://b.example"):
        assert responses(AllowedOrigins=origins)[kind]["responseParameters"][header] == "'*'"


def test_the_stage_and_the_placing_of_orders_are_throttled():
    settings = {(s["ResourcePath"], s["HttpMethod"]): s for s in stage(PlaceOrderRateLimit=7, ApiBurstLimit=9)["MethodSettings"]}
    assert settings["/~1orders", "POST"]["ThrottlingRateLimit"] == 7
    assert settings["/*", "*"]["ThrottlingBurstLimit"] == 9
    # A batch has up to 100 orders, and API Gateway counts requests.
    defaults = {name: one.get("Default") for name, one in source()["Parameters"].items()}
    assert defaults["PlaceBatchRateLimit"] * 100 <= defaults["PlaceOrderRateLimit"]
    assert defaults["PlaceBatchBurstLimit"] * 100 <= defaults["PlaceOrderBurstLimit"]
    assert settings["/~1orders~1batch", "POST"]["ThrottlingRateLimit"] == defaults["PlaceBatchRateLimit"]
    for setting in settings.values():
        assert setting["DataTraceEnabled"] is False
    (api,) = of_type(deployed(), "AWS::ApiGateway::RestApi").values()
    # AWS refuses a setting of a method that the body does not have, but only at the deployment.
    assert all("post" in api["Body"]["paths"][path] for path in ("/orders", "/orders/batch"))


def test_preflights_have_a_small_limit_on_every_path():
    def options(**parameters):
        return {s["ResourcePath"]: s for s in stage(**parameters)["MethodSettings"] if s["HttpMethod"] == "OPTIONS"}

    assert not options()
    (api,) = of_type(deployed(), "AWS::ApiGateway::RestApi").values()
    limited = options(AllowedOrigins="*")
    assert {path.replace("~1", "/").replace("//", "/") for path in limited} == api["Body"]["paths"].keys()
    assert all(setting["ThrottlingRateLimit"] == 20 for setting in limited.values())


def test_a_plan_limits_each_key():
    def plan(**parameters):
        (one,) = of_type(deployed(ApiAuth="API_KEY", **parameters), "AWS::ApiGateway::UsagePlan").values()
        return one

    assert plan(ApiKeyRateLimit=5, ApiKeyBurstLimit=6)["Throttle"] == {"RateLimit": 5, "BurstLimit": 6}
    assert "Quota" not in plan()
    assert plan(ApiKeyDailyQuota=1000)["Quota"] == {"Limit": 1000, "Period": "DAY"}


def test_access_logs_hold_nothing_of_a_person():
    assert "AccessLogSetting" not in stage()
    setting = stage(ApiAccessLogs="ENABLED")["AccessLogSetting"]
    line = re.sub(r"\$context\.[A-Za-z.]+", "x", setting["Format"])
    assert json.loads(line).keys() >= {"request_id", "status", "latency_ms"}
    variables = set(re.findall(r"\$context\.([A-Za-z.]+)", setting["Format"]))
    # No address, no user agent, no caller and no path with values.
    assert {v for v in variables if v.startswith(("identity", "authorizer"))} == {"identity.apiKeyId"}
    assert "path" not in variables


def test_the_accounts_role_is_set_only_where_that_is_asked_for():
    def kinds(mode):
        return {r["Type"] for r in deployed(ApiAccessLogs=mode)["Resources"].values()}

    assert "AWS::ApiGateway::Account" not in kinds("DISABLED") | kinds("ENABLED")
    assert "AWS::ApiGateway::Account" in kinds("ENABLED_WITH_ACCOUNT_ROLE")
    # The stage is created after it, because the API and its deployment are.
    api = deployed(ApiAccessLogs="ENABLED_WITH_ACCOUNT_ROLE")["Resources"]["Api"]
    assert "ApiGatewayAccount" in api["DependsOn"]


def test_the_web_acl_lets_every_order_through_that_order_api_takes():
    assert not of_type(deployed(), "AWS::WAFv2::WebACL")
    template = deployed(WebAcl="ENABLED")
    (acl,) = of_type(template, "AWS::WAFv2::WebACL").values()
    rules = {rule["Name"]: rule["Statement"] for rule in acl["Rules"]}
    of_one_order, not_a_batch = rules["bodies-over-64-kb"]["AndStatement"]["Statements"]
    assert not_a_batch["NotStatement"]["Statement"]["ByteMatchStatement"]["SearchString"] == "/orders/batch"
    size = of_one_order["SizeConstraintStatement"]
    # The limit of order-api. A body that is too large to be inspected counts as a match.
    assert (size["ComparisonOperator"], size["Size"]) == ("GT", 64 * 1024)
    assert size["FieldToMatch"] == {"Body": {"OversizeHandling": "MATCH"}}
    assert acl["AssociationConfig"]["RequestBody"]["API_GATEWAY"]["DefaultSizeInspectionLimit"] == "KB_64"
    common = rules["common-attacks"]["ManagedRuleGroupStatement"]
    assert {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}} in common["RuleActionOverrides"]
    assert sorted(rule["Priority"] for rule in acl["Rules"]) == list(range(len(rules)))
    assert len(of_type(template, "AWS::WAFv2::WebACLAssociation")) == 1


def test_origins_are_such_as_browsers_send():
    pattern = re.compile(source()["Parameters"]["AllowedOrigins"]["AllowedPattern"])
    for good in ("", "*", "https://shop.example.com", "http://localhost:3000,https://shop.example.com"):
        assert pattern.search(good), good
    for bad in ("shop.example.com", "https://shop.example.com/", "https://Shop.example.com", "https://a' b"):
        assert not pattern.search(bad), bad
