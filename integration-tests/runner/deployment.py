"""Deploys a template on LocalStack or MiniStack through CloudFormation: that of the orders or that of the shop.

Runs in the Python environment of LocalStack.

    python -m runner.deployment --endpoint URL --bootstraps DIR --template FILE --stack NAME [--parameter NAME=VALUE ...]

Confirms the email subscription with its token, and prints the stack's outputs as JSON, with LocalStack's URL of the API as `ApiUrl` or `CatalogUrl`.
"""

import argparse
import io
import json
import sys
import urllib.request
import zipfile
from pathlib import Path

import boto3
from awscli.customizations.cloudformation.yamlhelper import yaml_dump, yaml_parse
from botocore.config import Config
from botocore.exceptions import WaiterError

from .api_url import api_url

BUCKET = "orders-deployment"


def main() -> None:
    arguments = _parse_arguments()
    session = boto3.Session("localstack", "localstack", region_name="us-east-1")
    config = Config(proxies={}, retries={"max_attempts": 2}, read_timeout=120)

    def client(service: str):
        return session.client(service, endpoint_url=arguments.endpoint, config=config)

    template_url = _package(arguments.template.read_text(), arguments.stack, arguments.bootstraps, client("s3"))
    parameters = dict(pair.split("=", 1) for pair in arguments.parameter)
    _deploy(client("cloudformation"), arguments.stack, template_url, parameters)
    outputs = _read_outputs(client("cloudformation"), arguments.stack, arguments.endpoint)
    if topic := outputs.get("OrderEmailsTopicArn"):
        # LocalStack serves the sent emails only after the first request to its SES.
        client("ses").list_identities()
        _confirm_emails(client("sns"), topic, arguments.endpoint)
    print(json.dumps(outputs, indent=2))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--bootstraps", type=Path, required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--parameter", action="append", default=[])
    return parser.parse_args()


def _package(text: str, stack: str, bootstraps: Path, s3) -> str:
    """Uploads each function's code, and the template with its URLs, as `sam deploy` does. Returns the template's URL."""
    template = yaml_parse(text)
    s3.create_bucket(Bucket=BUCKET)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # The function's name in the template is the prefix and the name of the program.
            program = resource["Properties"]["FunctionName"]["Fn::Sub"].removeprefix("${NamePrefix}").removeprefix("shop-")
            key = f"{program}.zip"
            s3.put_object(Bucket=BUCKET, Key=key, Body=_make_archive(bootstraps / program / "bootstrap"))
            resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{key}"
    # A template in a request may have 51,200 bytes, a template in a bucket 1 MB.
    s3.put_object(Bucket=BUCKET, Key=f"{stack}.yaml", Body=yaml_dump(template).encode())
    return f"{s3.meta.endpoint_url}/{BUCKET}/{stack}.yaml"


def _make_archive(bootstrap: Path) -> bytes:
    file = zipfile.ZipInfo("bootstrap")
    file.external_attr = 0o755 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # Not compressed, because it stays on this machine.
        archive.writestr(file, bootstrap.read_bytes())
    return buffer.getvalue()


def _deploy(cloudformation, stack: str, template_url: str, parameters: dict[str, str]) -> None:
    """Deploys with a change set, as `sam deploy` does, because CreateStack rejects the SAM transform."""
    names = {"StackName": stack, "ChangeSetName": "deployment"}
    cloudformation.create_change_set(
        **names,
        ChangeSetType="CREATE",
        TemplateURL=template_url,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    often = {"Delay": 1, "MaxAttempts": 600}
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(**names, WaiterConfig=often)
        cloudformation.execute_change_set(**names)
        cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=often)
    except WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        for event in reversed(events):
            if "FAILED" in event["ResourceStatus"]:
                print(event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason"), file=sys.stderr)
        sys.exit(f"the stack was not created: {error}")


def _read_outputs(cloudformation, stack: str, endpoint: str) -> dict[str, str]:
    [description] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}
    api = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId="Api")
    name = "ApiUrl" if "ApiUrl" in outputs else "CatalogUrl"
    outputs[name] = api_url(outputs[name], api["StackResourceDetail"]["PhysicalResourceId"], endpoint)
    return outputs


def _confirm_emails(sns, topic: str, endpoint: str) -> None:
    """Confirms the subscriptions that wait for it, as the link in the confirmation email does. With MiniStack none waits."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for subscription in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        arn = subscription["SubscriptionArn"]
        if sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"].get("PendingConfirmation") != "true":
            continue
        with opener.open(f"{endpoint}/_aws/sns/subscription-tokens/{arn}") as answer:
            token = json.load(answer)["subscription_token"]
        sns.confirm_subscription(TopicArn=topic, Token=token)


if __name__ == "__main__":
    main()
