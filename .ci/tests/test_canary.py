"""The canary: what a deployment with Canary ENABLED has, and that one without it has none of it."""

import json
from graphlib import TopologicalSorter

import pytest
from deployed_template import ORDERS, SamTemplate, deployed, each_of_type, of_type, source
from samtranslator.model.exceptions import InvalidDocumentException

CANARY = deployed(Canary="ENABLED", Release="one")
FUNCTIONS = sorted(of_type(CANARY, "AWS::Lambda::Function"))
KINDS = {"AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"}


def stem(function):
    return function.removesuffix("Function")


def targets(node):
    """The resources that a part of a template refers to."""
    if isinstance(node, list):
        return set().union(*(targets(one) for one in node))
    if not isinstance(node, dict):
        return set()
    found = set()
    for key, value in node.items():
        if key == "Ref":
            found.add(value)
        elif key == "Fn::GetAtt":
            found.add(value[0] if isinstance(value, list) else value.split(".")[0])
        elif key == "Fn::Sub":
            text, variables = value if isinstance(value, list) else (value, {})
            found |= {name.split(".")[0] for name in text.replace("}", "${").split("${")[1::2]} - variables.keys()
            found |= targets(variables)
        else:
            found |= targets(value)
    return found


def test_without_it_there_are_no_versions_and_no_aliases():
    plain = deployed()
    assert not {one["Type"] for one in plain["Resources"].values()} & KINDS
    assert "Canary" not in json.dumps(plain["Resources"]) and "Alias" not in json.dumps(plain["Resources"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_an_alias_that_codedeploy_moves(function):
    alias = CANARY["Resources"][f"{stem(function)}Alias"]
    assert alias["Properties"]["FunctionName"] == {"Ref": function}
    assert alias["Properties"]["FunctionVersion"] == {"Fn::GetAtt": [f"{stem(function)}Version", "Version"]}
    assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"] == {
        "ApplicationName": {"Ref": "CanaryApplication"},
        "DeploymentGroupName": {"Ref": f"{stem(function)}Canary"},
    }
    assert CANARY["Resources"][f"{stem(function)}Version"]["Properties"]["FunctionName"] == {"Ref": function}


def test_nothing_but_permissions_of_sam_invokes_a_function_itself():
    """API Gateway and every queue go by the alias. A permission of SAM's events lets API Gateway do more than it does."""
    invoked = {json.dumps(one["FunctionName"]) for one in each_of_type(CANARY, "AWS::Lambda::EventSourceMapping").values()}
    assert invoked == {'{"Ref": "OrderWorkerAlias"}', '{"Ref": "NotifierAlias"}'}
    api = CANARY["Resources"]["Api"]["Properties"]["Body"]
    assert "OrderApiAlias" in targets(api) and not [name for name in targets(api) if name.endswith("Function")]
    permissions = each_of_type(CANARY, "AWS::Lambda::Permission").values()
    assert {"Ref": "OrderApiAlias"} in [one["FunctionName"] for one in permissions]


def test_the_queues_keep_their_mappings():
    """CloudFormation changes the function of a mapping in place: the names of the mappings do not depend on the canary."""
    kind = "AWS::Lambda::EventSourceMapping"
    for name, mapping in each_of_type(deployed(), kind).items():
        other = of_type(CANARY, kind)[name]
        assert mapping | {"FunctionName": None} == other | {"FunctionName": None}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_release_changes_the_function_and_its_version(function):
    """Lambda publishes no second version of a function that has not changed, so that the name of the release is a part of the function."""
    described = CANARY["Resources"][function]["Properties"]["Description"]
    assert described["Fn::Sub"].endswith(" Release ${Release}.")
    assert CANARY["Resources"][f"{stem(function)}Version"]["Properties"]["Description"] == "one"


def test_without_the_canary_a_release_changes_no_function():
    kind = "AWS::Lambda::Function"
    assert of_type(deployed(Release="one"), kind) == of_type(deployed(), kind)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_alarms_of_the_function_roll_it_back(function):
    group = CANARY["Resources"][f"{stem(function)}Canary"]["Properties"]
    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert group["AutoRollbackConfiguration"] == {
        "Enabled": True,
        "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
    }
    assert group["AlarmConfiguration"]["Enabled"] is True
    names = [one["Name"]["Ref"] for one in group["AlarmConfiguration"]["Alarms"]]
    alarms = of_type(CANARY, "AWS::CloudWatch::Alarm")
    assert {f"{stem(function)}ErrorsAlarm", "PanicsAlarm"} <= set(names)
    for name in names:
        # The new version has five minutes to fail in.
        periods = alarms[name].get("Period", 60) * alarms[name]["EvaluationPeriods"]
        assert periods <= 180, name


def test_alarms_count_every_version():
    """Lambda counts the invocations of all versions under the name of the function. With an alias the metrics would begin anew."""
    for name, alarm in each_of_type(CANARY, "AWS::CloudWatch::Alarm").items():
        dimensions = [alarm.get("Dimensions", [])] + [one.get("MetricStat", {}).get("Metric", {}).get("Dimensions", []) for one in alarm.get("Metrics", [])]
        assert not {one["Name"] for some in dimensions for one in some} & {"Resource", "ExecutedVersion"}, name


def test_codedeploy_may_move_the_aliases_of_these_functions_only():
    (policy,) = CANARY["Resources"]["CanaryRole"]["Properties"]["Policies"]
    move, watch = policy["PolicyDocument"]["Statement"]
    assert targets(move["Resource"]) == set(FUNCTIONS)
    assert watch["Action"] == "cloudwatch:DescribeAlarms"


def test_the_template_has_no_circle():
    """template.yaml silences cfn-lint, which looks for circles before SAM's transform, and takes a route for one."""
    resources = CANARY["Resources"]
    edges = {name: (targets(one) | set(_listed(one.get("DependsOn", [])))) & resources.keys() for name, one in resources.items()}
    order = list(TopologicalSorter(edges).static_order())
    assert order.index("OrderApiErrorsAlarm") < order.index("OrderApiCanary") < order.index("OrderApiAlias") < order.index("Api")


class WithAliasOfSam(SamTemplate):
    """The template, with SAM's own alias for order-worker."""

    def __init__(self, alias):
        super().__init__(ORDERS.path)
        self.alias = alias

    def source(self):
        template = super().source()
        template["Resources"]["OrderWorkerFunction"]["Properties"] |= {"AutoPublishAlias": self.alias, "AutoPublishAliasAllProperties": True}
        return template


@pytest.mark.parametrize("alias", [{"Ref": "Release"}, {"Fn::If": ["HasCanary", "live", {"Ref": "AWS::NoValue"}]}])
def test_sams_own_alias_cannot_be_left_out_by_a_parameter(alias):
    with pytest.raises(InvalidDocumentException):
        WithAliasOfSam(alias).translated()


def test_sams_own_alias_does_not_follow_a_parameter():
    """A new value publishes no version, so that the alias would go on with the old value."""
    template = WithAliasOfSam("live")
    before, after = template.translated(), template.translated(MaxRetrySeconds="77")
    versions = [{n for n in t["Resources"] if n.startswith("OrderWorkerFunctionVersion")} for t in (before, after)]
    assert versions[0] == versions[1] != set()


def test_a_canary_needs_a_release():
    assert source()["Rules"]["CanaryNamesItsRelease"]["RuleCondition"] == {"Fn::Equals": [{"Ref": "Canary"}, "ENABLED"]}


def _listed(value):
    return value if isinstance(value, list) else [value]
