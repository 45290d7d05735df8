"""The paths of the repository."""

import os
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
PLUGINS = TESTS / "localstack"
TEMPLATE = ROOT / "template.yaml"
SHOP_TEMPLATE = ROOT / "shop/template.yaml"
SKIPPED = TESTS / "skipped.toml"


def cache() -> Path:
    """Returns the cache folder, which `.ci/run` uses, too."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orders-ci"
