"""Writes the template as CloudFormation sees it, in its default and its hardened form, for tools that know no SAM."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from deployed_template import deployed  # noqa: E402

FORMS = {
    "default": {},
    "hardened": {
        "Stage": "prod",
        "Encryption": "CUSTOMER_MANAGED",
        "ApiAccessLogs": "ENABLED",
        "WebAcl": "ENABLED",
        "OrderApiReservedConcurrency": 50,
        "OrderWorkerReservedConcurrency": 20,
        "NotifierReservedConcurrency": 2,
    },
}

for form, parameters in FORMS.items():
    path = Path(sys.argv[1]) / f"{form}.json"
    path.write_text(json.dumps(deployed(**parameters), indent=1, default=str))
