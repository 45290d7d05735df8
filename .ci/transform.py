#!/usr/bin/env python3
"""Prints a template as SAM transforms it, as JSON: the template that CloudFormation deploys.

    .ci/transform.py [orders|shop] [PARAMETER=VALUE...]

With parameters its conditions are decided.

cfn-lint no longer transforms a template, so without this it does not see the resources that SAM makes.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "tests"))

from deployed_template import ORDERS, SHOP  # noqa: E402

STACKS = {"orders": ORDERS, "shop": SHOP}
stack, *parameters = sys.argv[1:] or ["orders"]
template = STACKS[stack]
values = dict(parameter.split("=", 1) for parameter in parameters)
print(json.dumps(template.deployed(**values) if values else template.translated(), indent=1))
