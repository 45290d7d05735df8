#!/usr/bin/env python3
"""Prints template.yaml as SAM transforms it, as JSON: the template that CloudFormation deploys.

cfn-lint no longer transforms a template, so without this it does not see the resources that SAM makes.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "tests"))

from deployed_template import translated  # noqa: E402

print(json.dumps(translated(), indent=1))
