"""`make deploy` with a `sam` that writes down what it is asked."""

import os
import re
import subprocess

from deployed_template import source
from repository import ROOT


def deploy(tmp_path, *variables, target="deploy"):
    """The arguments of `sam deploy`, one a line."""
    sam = tmp_path / "sam"
    sam.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    sam.chmod(0o755)
    # The upload of the shop's pages finds no bucket.
    aws = tmp_path / "aws"
    aws.write_text("#!/bin/sh\necho None\n")
    aws.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    environment.pop("NOTIFICATION_EMAIL", None)
    command = ["make", "--silent", "-C", ROOT, target, *variables]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_an_address_arrives_whole(tmp_path):
    for address in ("o'neil@example.com", "a b@example.com", '"a"@example.com', "$(id)@example.com".replace("$", "$$")):
        arguments = deploy(tmp_path, f"NOTIFICATION_EMAIL={address}")
        assert f"NotificationEmail={address.replace('$$', '$')}" in arguments


def test_a_parameter_that_is_left_out_keeps_its_value(tmp_path):
    arguments = deploy(tmp_path, "PARAMETERS=ApiAuth=API_KEY MaxReceiveCount=20")
    assert {"Architecture=arm64", "ApiAuth=API_KEY", "MaxReceiveCount=20"} <= set(arguments)
    assert not [argument for argument in arguments if argument.startswith(("NotificationEmail", "Stage"))]


def test_every_deployment_has_a_release_that_the_template_takes(tmp_path):
    (release,) = [argument for argument in deploy(tmp_path) if argument.startswith("Release=")]
    name = release.removeprefix("Release=")
    assert name and re.fullmatch(source()["Parameters"]["Release"]["AllowedPattern"], name)


def test_the_shop_is_a_stack_of_its_own(tmp_path):
    arguments = deploy(tmp_path, "SHOP_PARAMETERS=StorefrontOrigin=https://shop.example.com", target="shop-deploy")
    assert {"shop/template.yaml", "StorefrontOrigin=https://shop.example.com", "stacks/shop"} <= set(arguments)
    assert arguments[arguments.index("--stack-name") + 1] == "shop"
    assert arguments[arguments.index("--template-file") + 1] == ".aws-sam/shop/template.yaml"
    # SAM would look for it beside the template, and copy the whole workspace without it.
    assert arguments.count(f"{ROOT}/samconfig.toml") == 2
