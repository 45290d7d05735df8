"""deploy/upload-shop, with an AWS CLI that gives prepared answers and logs its calls."""

import json
import os
import subprocess

import pytest
from repository import ROOT

AWS = """#!/bin/sh
echo "aws $*" >>"$CALLS"
case "$*" in
*PagesBucketName*) echo "$BUCKET" ;;
*CatalogUrl*) echo https://catalog.example/dev ;;
*OrderApiUrl*) echo "$ORDERS" ;;
*CoversUrl*) echo https://covers.example ;;
*ShopUrl*) echo https://shop.example ;;
*config.json*) cat >"$CONFIG" ;;
esac
"""


@pytest.fixture
def upload(tmp_path):
    (tmp_path / "aws").write_text(AWS)
    (tmp_path / "aws").chmod(0o755)
    calls, config = tmp_path / "calls", tmp_path / "config"

    def run(**changes):
        answers = {"BUCKET": "shop-pages", "ORDERS": "https://orders.example/dev"} | changes
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls), "CONFIG": str(config)} | answers
        done = subprocess.run([ROOT / "deploy/upload-shop", "shop"], env=environment, capture_output=True, text=True, check=True)
        return done, [line for line in calls.read_text().splitlines() if " s3 " in line], config

    return run


def test_every_file_has_its_type_and_the_pages_know_the_apis(upload):
    done, uploads, config = upload()
    assert done.stdout == "The shop is at https://shop.example\n"
    assert json.loads(config.read_text()) == {
        "catalog_url": "https://catalog.example/dev",
        "order_url": "https://orders.example/dev",
        "covers_url": "https://covers.example",
        "upload_url": "",
    }
    extensions = {path.suffix[1:] for path in (ROOT / "shop/storefront/assets").iterdir()}
    for extension in extensions:
        assert len([line for line in uploads if f"--include *.{extension} " in line]) == 1, extension
    assert all("no-cache" in line or "no-store" in line for line in uploads)


def test_a_shop_without_orders_says_so(upload):
    done, _, config = upload(ORDERS="None")
    assert "OrderApiUrl" in done.stderr
    assert json.loads(config.read_text())["order_url"] == ""


def test_without_a_bucket_nothing_is_uploaded(upload):
    done, uploads, _ = upload(BUCKET="None")
    assert "Hosting=NONE" in done.stdout
    assert not uploads
