"""deploy/pipeline.yaml against template.yaml, buildspec.yml and docs/DEPLOY.md."""

import json
import re
import subprocess

import pytest
import yaml
from deployed_template import source
from repository import ROOT
from samtranslator.yaml_helper import yaml_parse
from test_template import broken_rules

PIPELINE = yaml_parse((ROOT / "deploy/pipeline.yaml").read_text())
STAGES = {stage["Name"]: stage["Actions"] for stage in PIPELINE["Resources"]["Pipeline"]["Properties"]["Stages"]}
BUILT = yaml.safe_load((ROOT / "buildspec.yml").read_text())["artifacts"]["files"]
DEPLOY = (ROOT / "docs/DEPLOY.md").read_text()
VALUES = {
    "StackName": "orders",
    "Architecture": "arm64",
    "StagingEmail": "dev@example.com",
    "ProdEmail": "shop@example.com",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:ops",
    "codepipeline.PipelineExecutionId": "b1f3c4d2-0e7a-4b58-9a55-3f1c2d4e5f60",
}


def parameters(stage):
    """The parameters that a stage of the pipeline deploys with."""
    (text,) = [one["Configuration"]["ParameterOverrides"]["Fn::Sub"] for one in STAGES[stage] if "ParameterOverrides" in one["Configuration"]]
    return json.loads(re.sub(r"[$#]\{([\w.]+)\}", lambda match: VALUES[match[1]], text))


def settings_for_prod():
    """The parameters of the command in docs/DEPLOY.md."""
    command = DEPLOY.split("### Settings for prod\n", 1)[1].split("\n\n", 1)[0].replace("\\\n", " ")
    settings = dict(re.findall(r"(\w+)=([^\s\"]+)", command))
    # Variables of make, by the parameters that they set. The prefix is the name of the stack.
    return {{"STAGE": "Stage", "NOTIFICATION_EMAIL": "NotificationEmail"}.get(k, k): v for k, v in settings.items() if k not in ("STACK", "PARAMETERS")}


def test_staging_is_deployed_and_tested_before_anybody_is_asked():
    assert list(STAGES) == ["Source", "Test", "Staging", "Approval", "Prod"]
    steps = [action["Name"] for action in sorted(STAGES["Staging"], key=lambda action: action["RunOrder"])]
    assert steps == ["Prepare", "Deploy", "Test"]
    assert len({action["RunOrder"] for action in STAGES["Staging"]}) == 3


def test_the_build_hands_the_test_what_it_runs():
    (test,) = [action for action in STAGES["Staging"] if action["Name"] == "Test"]
    assert test["InputArtifacts"] == STAGES["Test"][0]["OutputArtifacts"]
    project = PIPELINE["Resources"][test["Configuration"]["ProjectName"]["Ref"]]["Properties"]
    commands = yaml.safe_load(project["Source"]["BuildSpec"]["Fn::Sub"])["phases"]["build"]["commands"]
    assert commands == ["deploy/test-staging ${StackName}-staging"]
    assert {"packaged.yaml", "deploy/test-staging", "orderctl"} <= set(BUILT)


def test_the_test_places_orders_in_the_stack_that_it_is_given(tmp_path):
    program = tmp_path / "orderctl"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    done = subprocess.run([ROOT / "deploy/test-staging", "orders-staging"], env={"ORDERCTL": program, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("--target aws --stack orders-staging load ") and "--yes-on orders-staging" in done.stdout
    assert subprocess.run([ROOT / "deploy/test-staging"], capture_output=True).returncode != 0


def test_the_test_may_do_nothing_outside_of_staging():
    (policy,) = PIPELINE["Resources"]["StagingTestRole"]["Properties"]["Policies"]
    rights = {one["Sid"]: one for one in policy["PolicyDocument"]["Statement"]}
    assert rights.keys() == {"ReadArtifacts", "FindTheStack", "PlaceOrders", "ReadOrders", "WriteLogs"}
    for sid in ("FindTheStack", "PlaceOrders", "ReadOrders"):
        assert "staging" in rights[sid]["Resource"]["Fn::Sub"], sid


def test_prod_gets_the_settings_of_the_document():
    written, given = settings_for_prod(), parameters("Prod")
    assert written.keys() > {"Stage", "AlarmTopicArn", "WebAcl", "Canary"}
    assert written.keys() == given.keys() - {"Architecture", "Release"}
    for name, value in written.items():
        if name != "NamePrefix":
            assert given[name] == value, name


def test_staging_has_the_canary_of_prod():
    staging, prod = parameters("Staging"), parameters("Prod")
    assert (staging["Canary"], staging["Release"]) == (prod["Canary"], prod["Release"])


@pytest.mark.parametrize("stage", ["Staging", "Prod"])
def test_the_template_takes_the_parameters(stage):
    declared = source()["Parameters"]
    given = parameters(stage)
    for name, value in given.items():
        assert value in declared[name].get("AllowedValues", [value]), name
        assert re.fullmatch(declared[name].get("AllowedPattern", ".*"), value), name
    assert not broken_rules(**given)
    assert given["NamePrefix"] == f"orders-{stage.lower()}-"


def test_an_address_or_a_topic_cannot_be_forgotten():
    for name in ("StagingEmail", "ProdEmail", "AlarmTopicArn"):
        assert "Default" not in PIPELINE["Parameters"][name], name


def test_the_document_gives_every_parameter_without_a_default():
    command = DEPLOY.split("--stack-name orders-pipeline", 1)[1].split("\n\n", 1)[0]
    needed = {name for name, one in PIPELINE["Parameters"].items() if "Default" not in one}
    assert set(re.findall(r"(\w+)=", command)) == needed
