"""Rewrites a SAM template so that MiniStack 1.5.33 runs its functions. Runs in the Python environment of LocalStack, and prints the template.

    python ministack_template.py TEMPLATE

MiniStack refuses an alarm over several metrics ("AWS::CloudWatch::Alarm Properties.Metrics (metric math) is not supported"), and the stack
with it. CloudFormation turns texts into numbers and numbers into texts as a property needs them, and MiniStack does not: with a
`MaximumConcurrency` from a parameter its poller stops for all event sources ("'>=' not supported between instances of 'int' and 'str'"), and
a function with a number in its environment does not start ("expected str, bytes or os.PathLike object, not int").
"""

import sys
from pathlib import Path

# The resources that watch the pipeline: alarms, and those that refer to them. An update policy refers to a canary.
WATCHERS = {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::CodeDeploy::DeploymentGroup"}


def adapt(template):
    """Changes the template: without its watchers, with numbers in event source mappings, and with texts in environments."""
    resources = {name: resource for name, resource in template["Resources"].items() if resource["Type"] not in WATCHERS}
    for resource in resources.values():
        resource.pop("UpdatePolicy", None)
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            resource["Properties"] = with_defaults(properties, template["Parameters"])
        variables = properties.get("Environment", {}).get("Variables", {})
        variables.update({name: str(value) for name, value in variables.items() if isinstance(value, int)})
    return {**template, "Resources": resources}


def with_defaults(value, parameters):
    """The value with the defaults of numeric parameters instead of references to them."""
    if isinstance(value, list):
        return [with_defaults(part, parameters) for part in value]
    if not isinstance(value, dict):
        return value
    parameter = parameters.get(value.get("Ref"), {})
    if parameter.get("Type") == "Number":
        return int(parameter["Default"])
    return {name: with_defaults(part, parameters) for name, part in value.items()}


def main():
    from awscli.customizations.cloudformation.yamlhelper import yaml_dump, yaml_parse

    print(yaml_dump(adapt(yaml_parse(Path(sys.argv[1]).read_text()))))


if __name__ == "__main__":
    main()
