"""Questions of a review of shop/template.yaml, asked of its transformed form."""

import json
import re

import parliament
import pytest
from deployed_template import SHOP, each_of_type, of_type

ORIGIN = "https://shop.example.com"
SECURED = {"AWS_IAM": [{"sigv4": []}], "API_KEY": [{"api_key": []}]}
ANY_METHOD = "x-amazon-apigateway-any-method"


def body(template):
    (api,) = of_type(template, "AWS::ApiGateway::RestApi").values()
    return api["Body"]


@pytest.mark.parametrize("mode", SECURED)
def test_reading_is_open_and_writing_is_not(mode):
    paths = body(SHOP.deployed(WriteAuth=mode))["paths"]
    assert "/{proxy+}" in paths
    for path, item in paths.items():
        methods = {method: operation["security"] for method, operation in item.items() if method != "parameters"}
        # A method that is not named has the authorization of ANY, so POST, PUT, PATCH and DELETE are never open.
        assert methods == {ANY_METHOD: SECURED[mode], "get": [], "head": [], "options": []}, path


def test_a_write_needs_authorization_by_default():
    assert body(SHOP.deployed()) == body(SHOP.deployed(WriteAuth="AWS_IAM"))
    assert set(SHOP.source()["Parameters"]["WriteAuth"]["AllowedValues"]) == SECURED.keys()


def test_the_routes_of_the_body_are_the_functions_events():
    events = SHOP.source()["Resources"]["CatalogApiFunction"]["Properties"]["Events"].values()
    assert {event["Properties"]["Path"] for event in events} == set(body(SHOP.deployed())["paths"])
    assert {event["Properties"]["Method"] for event in events} == {"ANY"}


def test_every_error_of_the_gateway_names_the_storefront():
    """DEFAULT_4XX and DEFAULT_5XX stand for every type of response that has no answer of its own."""
    answers = body(SHOP.deployed(StorefrontOrigin=ORIGIN))["x-amazon-apigateway-gateway-responses"]
    assert answers.keys() == {"DEFAULT_4XX", "DEFAULT_5XX"}
    for answer in answers.values():
        origin = answer["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"]
        assert origin == {"Fn::Sub": "'${StorefrontOrigin}'"}
        # With a status here every error would have the same one.
        assert "statusCode" not in answer
        text = answer["responseTemplates"]["application/json"]
        filled = text.replace("$context.error.messageString", '"why"').replace("$context.requestId", "r-1")
        document = json.loads(filled)
        assert document["type"].startswith("urn:shop:problem:") and document["detail"] == "why"


def test_without_a_storefront_no_error_is_for_a_page():
    for answer in body(SHOP.deployed(Hosting="NONE"))["x-amazon-apigateway-gateway-responses"].values():
        assert "gatewayresponse.header.Access-Control-Allow-Origin" not in answer["responseParameters"]


def test_another_origin_makes_a_new_deployment(monkeypatch):
    """A stage serves a deployment, which is a copy. Without a new one the stage would send the old CORS headers."""
    now = iter(range(100))
    monkeypatch.setattr("samtranslator.model.apigateway.time.time", lambda: next(now))
    # The time is part of the name of the deployment, so a cached template would not do.
    templates = [SHOP.transformed(StorefrontOrigin=origin) for origin in ("", ORIGIN, "https://other.example.com")]
    deployments = [name for template in templates for name in each_of_type(template, "AWS::ApiGateway::Deployment")]
    assert len(set(deployments)) == len(templates)
    for template, deployment in zip(templates, deployments, strict=True):
        (stage,) = of_type(template, "AWS::ApiGateway::Stage").values()
        assert stage["DeploymentId"] == {"Ref": deployment}


def test_without_always_deploy_the_stage_would_keep_the_old_origin(monkeypatch):
    """The test before this one can fail: SAM leaves the values of parameters out of the name of a deployment."""
    source = SHOP.source()
    del source["Resources"]["Api"]["Properties"]["AlwaysDeploy"]
    monkeypatch.setattr(SHOP, "source", lambda: json.loads(json.dumps(source)))
    templates = [SHOP.transformed(StorefrontOrigin=origin) for origin in ("", ORIGIN)]
    first, second = (set(each_of_type(template, "AWS::ApiGateway::Deployment")) for template in templates)
    assert first == second


@pytest.mark.parametrize("origin", ["", ORIGIN, "http://localhost:3000"])
def test_the_origin_reaches_the_function(origin):
    function = of_type(SHOP.deployed(StorefrontOrigin=origin, Hosting="NONE"), "AWS::Lambda::Function")["CatalogApiFunction"]
    assert function["Environment"]["Variables"]["ALLOWED_ORIGINS"] == origin
    assert re.fullmatch(SHOP.source()["Parameters"]["StorefrontOrigin"]["AllowedPattern"], origin)


@pytest.mark.parametrize("origin", ["*", "null", "shop.example.com", "https://shop.example.com/", "https://a.example,https://b.example"])
def test_another_text_is_no_origin(origin):
    assert not re.fullmatch(SHOP.source()["Parameters"]["StorefrontOrigin"]["AllowedPattern"], origin)


@pytest.mark.parametrize(("hosting", "origin"), [("CLOUDFRONT", {"Fn::Sub": "https://${Distribution.DomainName}"}), ("WEBSITE", {"Fn::GetAtt": ["PagesBucket", "WebsiteURL"]})])
def test_the_pages_of_the_stack_are_the_origin_unless_another_is_named(hosting, origin):
    for template, expected in ((SHOP.deployed(Hosting=hosting), origin), (SHOP.deployed(Hosting=hosting, StorefrontOrigin=ORIGIN), ORIGIN)):
        function = of_type(template, "AWS::Lambda::Function")["CatalogApiFunction"]
        assert function["Environment"]["Variables"]["ALLOWED_ORIGINS"] == expected
        for answer in body(template)["x-amazon-apigateway-gateway-responses"].values():
            assert "gatewayresponse.header.Access-Control-Allow-Origin" in answer["responseParameters"]


def bucket(hosting, name="PagesBucket", **parameters):
    template = SHOP.deployed(Hosting=hosting, **parameters)
    properties = of_type(template, "AWS::S3::Bucket")[name]
    policy = of_type(template, "AWS::S3::BucketPolicy")[name + "Policy"]
    return properties, policy["PolicyDocument"]["Statement"]


ALL_BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
POLICY_OPEN = ALL_BLOCKED | {"BlockPublicPolicy": False, "RestrictPublicBuckets": False}


@pytest.mark.parametrize("hosting", ["CLOUDFRONT", "WEBSITE", "NONE"])
@pytest.mark.parametrize("public", ["true", "false"])
def test_uploads_are_never_public_and_do_not_stay(hosting, public):
    properties, policy = bucket(hosting, "UploadsBucket", PublicCovers=public)
    assert properties["PublicAccessBlockConfiguration"] == ALL_BLOCKED
    assert [one["Effect"] for one in policy] == ["Deny"]
    assert properties["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 1


@pytest.mark.parametrize(
    ("hosting", "public", "readers"),
    [("CLOUDFRONT", "false", "cloudfront"), ("CLOUDFRONT", "true", "cloudfront"), ("WEBSITE", "false", "*"), ("NONE", "false", None), ("NONE", "true", "*")],
)
def test_covers_are_public_only_where_it_was_asked_for(hosting, public, readers):
    properties, (denied, *allowed) = bucket(hosting, "CoversBucket", PublicCovers=public)
    assert properties["PublicAccessBlockConfiguration"] == (POLICY_OPEN if readers == "*" else ALL_BLOCKED)
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert [one["Action"] for one in allowed] == ([] if readers is None else ["s3:GetObject"])
    if readers == "*":
        assert allowed[0]["Principal"] == "*"
    if readers == "cloudfront":
        assert allowed[0]["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert "AWS:SourceArn" in allowed[0]["Condition"]["StringEquals"]


def test_what_the_resizer_writes_never_starts_it():
    """Two buckets: the function reads the one with notifications, and may write the other alone."""
    buckets = of_type(SHOP.deployed(), "AWS::S3::Bucket")
    assert [name for name, properties in buckets.items() if "NotificationConfiguration" in properties] == ["UploadsBucket"]
    written = [one["Resource"] for one in statements("CoverResizerRole") if "s3:PutObject" in one["Action"]]
    assert written == [{"Fn::Sub": buckets["CoversBucket"]["BucketName"]["Fn::Sub"].join(["arn:${AWS::Partition}:s3:::", "/covers/*"])}]
    read = [one["Resource"] for one in statements("CoverResizerRole") if "s3:GetObject" in one["Action"]]
    assert read == [{"Fn::Sub": buckets["UploadsBucket"]["BucketName"]["Fn::Sub"].join(["arn:${AWS::Partition}:s3:::", "/uploads/*"])}]


def test_a_failed_upload_ends_in_a_queue():
    (config,) = of_type(SHOP.deployed(), "AWS::Lambda::EventInvokeConfig").values()
    assert config["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["CoversFailedQueue", "Arn"]}


def test_by_default_the_distribution_alone_reads_the_bucket():
    assert SHOP.source()["Parameters"]["Hosting"]["Default"] == "CLOUDFRONT"
    properties, policy = bucket("CLOUDFRONT")
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert "WebsiteConfiguration" not in properties
    allowed, denied = policy
    assert (allowed["Effect"], allowed["Action"], allowed["Principal"]) == ("Allow", "s3:GetObject", {"Service": "cloudfront.amazonaws.com"})
    # Without the condition every distribution of every account could read it.
    source = allowed["Condition"]["StringEquals"]["AWS:SourceArn"]
    assert source == {"Fn::Sub": "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}"}
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (distribution,) = of_type(SHOP.deployed(), "AWS::CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert config["Origins"][0]["OriginAccessControlId"] == {"Fn::GetAtt": ["PagesAccess", "Id"]}


def test_only_a_website_is_public_and_only_its_pages_are():
    properties, policy = bucket("WEBSITE")
    assert properties["WebsiteConfiguration"] == {"IndexDocument": "index.html"}
    # Access lists stay blocked: the policy alone opens the bucket.
    assert properties["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False,
    }
    assert [(one["Effect"], one["Principal"], one["Action"], one["Resource"]) for one in policy] == [
        ("Allow", "*", "s3:GetObject", {"Fn::Sub": "${PagesBucket.Arn}/*"}),
    ]


def test_without_hosting_there_is_no_bucket_and_no_distribution():
    resources = SHOP.deployed(Hosting="NONE")["Resources"]
    assert "PagesBucket" not in resources
    assert "CloudFront" not in {resource["Type"].split("::")[1] for resource in resources.values()}


def statements(name="CatalogApiRole"):
    role = of_type(SHOP.deployed(), "AWS::IAM::Role")[name]
    (policy,) = role["Policies"]
    return policy["PolicyDocument"]["Statement"]


def test_the_function_may_do_what_it_does_and_nothing_else():
    actions = [(one["Action"] if isinstance(one["Action"], list) else [one["Action"]], json.dumps(one["Resource"])) for one in statements()]
    granted = {(action, resource) for several, resource in actions for action in several}
    table, log = (json.dumps({"Fn::GetAtt": [name, "Arn"]}) for name in ("BooksTable", "CatalogApiLogGroup"))
    (index,) = of_type(SHOP.deployed(), "AWS::DynamoDB::Table")["BooksTable"]["GlobalSecondaryIndexes"]
    assert granted == {
        ("dynamodb:GetItem", table),
        ("dynamodb:PutItem", table),
        ("dynamodb:UpdateItem", table),
        ("dynamodb:DeleteItem", table),
        ("dynamodb:Query", json.dumps({"Fn::Sub": "${BooksTable.Arn}/index/" + index["IndexName"]})),
        ("s3:PutObject", json.dumps({"Fn::Sub": "${UploadsBucket.Arn}/uploads/*"})),
        ("s3:DeleteObject", json.dumps({"Fn::Sub": "${CoversBucket.Arn}/covers/*"})),
        ("logs:CreateLogStream", log),
        ("logs:PutLogEvents", log),
    }


def test_the_resizer_may_do_what_it_does_and_nothing_else():
    granted = {one["Sid"]: one["Action"] for one in statements("CoverResizerRole")}
    assert granted == {
        "ReadUploads": "s3:GetObject",
        "WriteCovers": ["s3:PutObject", "s3:DeleteObject"],
        "ListCovers": "s3:ListBucket",
        "SetTheCover": "dynamodb:UpdateItem",
        "KeepFailedEvents": "sqs:SendMessage",
        "WriteLogs": ["logs:CreateLogStream", "logs:PutLogEvents"],
    }
    for one in statements("CoverResizerRole"):
        assert one["Resource"] != "*"


@pytest.mark.parametrize("role", ["CatalogApiRole", "CoverResizerRole"])
def test_parliament_finds_nothing_in_the_policy(role):
    text = json.dumps({"Version": "2012-10-17", "Statement": statements(role)})
    table = "arn:aws:dynamodb:us-east-1:123456789012:table/shop-books"
    log = "arn:aws:logs:us-east-1:123456789012:log-group:shop:*"
    queue = "arn:aws:sqs:us-east-1:123456789012:shop-covers-failed"
    for node, arn in (("BooksTable", table), ("CatalogApiLogGroup", log), ("CoverResizerLogGroup", log), ("CoversFailedQueue", queue)):
        text = text.replace(json.dumps({"Fn::GetAtt": [node, "Arn"]}), json.dumps(arn))
    text = text.replace('{"Fn::Sub": "${BooksTable.Arn}/index/by_title"}', f'"{table}/index/by_title"')
    text = text.replace('{"Fn::Sub": "${UploadsBucket.Arn}/uploads/*"}', '"arn:aws:s3:::bucket/uploads/*"')
    text = text.replace('{"Fn::Sub": "${CoversBucket.Arn}/covers/*"}', '"arn:aws:s3:::bucket/covers/*"')
    text = re.sub(r'\{"Fn::Sub": "arn:\$\{AWS::Partition\}:s3:::[^/"]*"\}', '"arn:aws:s3:::bucket"', text)
    text = re.sub(r'\{"Fn::Sub": "arn:\$\{AWS::Partition\}:s3:::[^/"]*/', '{"Fn::Sub": "arn:aws:s3:::bucket/', text)
    text = re.sub(r'\{"Fn::Sub": ("arn:aws:s3[^"]*")\}', r"\1", text)
    assert "Fn::" not in text
    findings = parliament.analyze_policy_string(text).findings
    assert not findings, findings


def test_prod_protects_the_books():
    for stage, is_protected in (("dev", False), ("prod", True)):
        table = of_type(SHOP.deployed(Stage=stage), "AWS::DynamoDB::Table")["BooksTable"]
        assert table["DeletionProtectionEnabled"] is is_protected
        assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_a_key_exists_only_where_it_is_asked_for():
    for mode in SECURED:
        kinds = {resource["Type"] for resource in SHOP.deployed(WriteAuth=mode)["Resources"].values()}
        assert ("AWS::ApiGateway::ApiKey" in kinds) == (mode == "API_KEY")
