"""deploy/delete-stack, with an AWS CLI that gives prepared answers and logs its calls."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "deploy/delete-stack"

AWS = """#!/bin/sh
echo "aws $*" >>"$CALLS"
case "$*" in
*describe-stacks*) if [ -z "$STACK_ID" ]; then exit 254; fi; echo "$STACK_ID" ;;
*AWS::DynamoDB::Table*) echo orders ;;
*describe-table*) echo "$PROTECTED" ;;
*AWS::S3::Bucket*) echo "$OWN_BUCKETS" ;;
*AWS::KMS::Key*) echo "$KEY" ;;
*DELETE_COMPLETE*) echo "$LEFT" ;;
*SamCliSourceBucket*) if [ -z "$BUCKET" ]; then exit 254; fi; echo "$BUCKET" ;;
esac
"""


@pytest.fixture
def delete(tmp_path):
    (tmp_path / "aws").write_text(AWS)
    (tmp_path / "aws").chmod(0o755)
    calls = tmp_path / "calls"

    def run(**changes):
        answers = {"STACK_ID": "arn:stack/orders/1", "PROTECTED": "False", "OWN_BUCKETS": "", "KEY": "", "LEFT": "", "BUCKET": "sam-bucket"} | changes
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls)} | answers
        done = subprocess.run([SCRIPT, "orders"], env=environment, capture_output=True, text=True, check=False)
        return done, [line for line in calls.read_text().splitlines() if " delete-stack " in line or line.startswith("aws s3 ")]

    return run


def test_a_stack_is_deleted_and_nothing_is_left(delete):
    done, deletions = delete()
    assert (done.returncode, done.stdout) == (0, "Nothing is left.\n")
    assert deletions == [
        "aws cloudformation delete-stack --stack-name arn:stack/orders/1",
        "aws s3 rm --recursive --only-show-errors s3://sam-bucket/stacks/orders/",
    ]


def test_the_stacks_own_buckets_are_emptied_first(delete):
    done, deletions = delete(OWN_BUCKETS="shop-pages-1 shop-pages-2")
    assert done.returncode == 0
    assert deletions[:3] == [
        "aws s3 rm --recursive --only-show-errors s3://shop-pages-1",
        "aws s3 rm --recursive --only-show-errors s3://shop-pages-2",
        "aws cloudformation delete-stack --stack-name arn:stack/orders/1",
    ]


def test_the_code_of_each_stack_has_a_prefix_of_its_own():
    """`make delete` empties the prefix that `make deploy` uploads to, and no other. A prefix for all in samconfig.toml would be that of one stack."""
    root = SCRIPT.parents[1]
    assert "--s3-prefix 'stacks/$(STACK)'" in (root / "Makefile").read_text()
    assert "s3_prefix" not in tomllib.loads((root / "samconfig.toml").read_text())["default"]["deploy"]["parameters"]


def test_without_a_bucket_of_sam_only_the_stack_is_deleted(delete):
    done, deletions = delete(BUCKET="")
    assert done.returncode == 0
    assert deletions == ["aws cloudformation delete-stack --stack-name arn:stack/orders/1"]


@pytest.mark.parametrize("word", ["True", "true"])
def test_a_protected_table_stops_it_before_anything_is_deleted(delete, word):
    done, deletions = delete(PROTECTED=word)
    assert done.returncode == 1 and not deletions
    assert "aws dynamodb update-table --table-name orders --no-deletion-protection-enabled" in done.stderr


def test_what_is_left_is_listed(delete):
    done, _ = delete(LEFT="AWS::IAM::Role orders-ApiGatewayAccountRole-1 DELETE_SKIPPED")
    assert done.returncode == 1
    assert "ApiGatewayAccountRole" in done.stdout


def test_a_key_that_is_deleted_later_is_printed(delete):
    done, _ = delete(KEY="1234")
    assert done.returncode == 0
    assert "cancel-key-deletion --key-id 1234" in done.stdout


def test_a_missing_stack_is_an_error(delete):
    done, deletions = delete(STACK_ID="")
    assert done.returncode == 1 and not deletions
    assert "no stack orders" in done.stderr
