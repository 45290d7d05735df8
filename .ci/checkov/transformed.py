"""Writes the templates as CloudFormation sees them, for tools that know no SAM: the orders in a default and a hardened form, and the shop."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from deployed_template import ORDERS, SHOP  # noqa: E402

FORMS = {
    "default": (ORDERS, {}),
    "hardened": (ORDERS, {
        "Stage": "prod",
        "Encryption": "CUSTOMER_MANAGED",
        "ApiAccessLogs": "ENABLED",
        "Tracing": "ENABLED",
        "WebAcl": "ENABLED",
        "OrderApiReservedConcurrency": 50,
        "OrderWorkerReservedConcurrency": 20,
        "NotifierReservedConcurrency": 2,
        "Canary": "ENABLED",
        "Release": "1",
    }),
    "shop": (SHOP, {"Stage": "prod", "Tracing": "ENABLED", "StorefrontOrigin": "https://shop.example.com"}),
}

for form, (template, parameters) in FORMS.items():
    path = Path(sys.argv[1]) / f"{form}.json"
    path.write_text(json.dumps(template.deployed(**parameters), indent=1, default=str))
