"""The templates as CloudFormation sees them: transformed by SAM, their conditions decided for given parameters."""

from copy import deepcopy
from functools import cache
from pathlib import Path

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
NO_VALUE = {"Ref": "AWS::NoValue"}


class SamTemplate:
    """A template of this repository."""

    def __init__(self, path):
        self.path = path
        self._deployed = cache(lambda overrides: self.transformed(**dict(overrides)))

    def source(self):
        """The template as it is written, with the long names of intrinsic functions."""
        return yaml_parse(self.path.read_text())

    def deployed(self, **overrides):
        """The transformed template, with its conditions decided for these parameters.

        Values that only AWS knows stay intrinsic functions: references to resources, `Fn::GetAtt`, `Fn::Sub`.
        """
        return deepcopy(self._deployed(tuple(sorted(overrides.items()))))

    def translated(self, **overrides):
        """The template after SAM, with all its conditions."""
        template = self.source()
        # `sam package` uploads the code to S3. The transform only needs a URI.
        places = [template.get("Globals", {}).get("Function", {})]
        places += [one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::Serverless::Function"]
        for place in places:
            if "CodeUri" in place:
                place["CodeUri"] = "s3://bucket/key"
        return Translator({}, Parser(), [], boto3.session.Session(region_name="us-east-1")).translate(template, self.values(overrides))

    def values(self, overrides):
        """The values of all parameters."""
        declared = self.source()["Parameters"]
        unknown = overrides.keys() - declared.keys()
        assert not unknown, unknown
        return {name: one.get("Default") for name, one in declared.items()} | overrides

    def transformed(self, **overrides):
        """The same as `deployed`, without a cache."""
        template = self.translated(**overrides)
        decide = _Decisions(template["Conditions"], self.values(overrides))
        for section in ("Resources", "Outputs"):
            kept = {k: v for k, v in template[section].items() if decide.holds(v.get("Condition"))}
            template[section] = decide.resolve(kept)
        return template


class _Decisions:
    def __init__(self, conditions, parameters):
        self.conditions, self.parameters = conditions, parameters

    def holds(self, name):
        return name is None or self.resolve(self.conditions[name])

    def resolve(self, node):
        if isinstance(node, list):
            return [one for one in (self.resolve(n) for n in node) if one != NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (key, value), *_ = node.items()
            if key == "Ref" and value in self.parameters:
                return self.parameters[value]
            if key == "Fn::If":
                return self.resolve(value[1] if self.holds(value[0]) else value[2])
            if key == "Fn::Equals":
                # CloudFormation compares texts, for every type of parameter.
                return str(self.resolve(value[0])) == str(self.resolve(value[1]))
            if key == "Fn::Not":
                return not self.resolve(value[0])
            if key in ("Fn::And", "Fn::Or"):
                return (all if key == "Fn::And" else any)(self.resolve(value))
            if key == "Condition" and value in self.conditions:
                return self.holds(value)
        pairs = ((k, self.resolve(v)) for k, v in node.items())
        return {k: v for k, v in pairs if v != NO_VALUE}


def of_type(template, kind):
    """The resources of one type, by logical id."""
    return {k: v["Properties"] for k, v in template["Resources"].items() if v["Type"] == kind}


def each_of_type(template, kind):
    """The same, for a test that goes through all of them: without any it would show nothing."""
    found = of_type(template, kind)
    assert found, f"the template has no {kind}"
    return found


ORDERS = SamTemplate(ROOT / "template.yaml")
SHOP = SamTemplate(ROOT / "shop/template.yaml")
# Most tests are about the orders.
source, deployed, translated, transformed, values = ORDERS.source, ORDERS.deployed, ORDERS.translated, ORDERS.transformed, ORDERS.values
