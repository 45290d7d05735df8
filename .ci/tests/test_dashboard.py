"""The dashboards, of the template and for Grafana, show metrics and resources that exist."""

import json
import re

import pytest
from deployed_template import deployed
from repository import ROOT


def body(template):
    text = template["Resources"]["OrdersDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    return text, json.loads(text)


def emitted():
    """The metrics that the crates of cloud/ emit: the same names as on AWS."""
    sources = [ROOT / "cloud/lambda/src/metrics.rs", ROOT / "cloud/api-gateway/src/metrics.rs"]
    sources.append(ROOT / "cloud/local-cloud/src/local_cloud/monitoring/mod.rs")
    return {name for path in sources for name in re.findall(r'"([A-Z0-9]\w+)"', path.read_text())}


def counted():
    """The metrics that the functions write into their logs, by the list of `telemetry`."""
    source = (ROOT / "telemetry/src/metrics/names.rs").read_text()
    return set(re.findall(r'Self::\w+ => "(\w+)"', source))


def identities(alarm):
    """The namespace and the name of each metric that an alarm watches. Metric filters make those of the stack's own namespace."""
    metrics = [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query] if "Metrics" in alarm else [alarm]
    return {(metric["Namespace"], metric["MetricName"]) for metric in metrics if isinstance(metric["Namespace"], str)}


def test_there_is_no_dashboard_unless_it_is_wanted():
    assert "OrdersDashboard" not in deployed()["Resources"]


def test_every_metric_of_a_widget_or_an_alarm_exists():
    template = deployed(Dashboard="ENABLED")
    _, dashboard = body(template)
    shown = {tuple(metric[:2]) for widget in dashboard["widgets"] for metric in widget["properties"].get("metrics", []) if isinstance(metric[0], str)}
    alarms = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    watched = {identity for alarm in alarms for identity in identities(alarm)}
    assert len(shown) > 10 and len(watched) > 5
    for namespace, name in shown | watched:
        assert name in (counted() if namespace == "Orders" else emitted()), (namespace, name)


def test_every_metric_that_is_listed_is_counted_by_a_service():
    sources = [path.read_text() for crate in ("order-api", "order-worker", "notifier", "queue-consumer", "telemetry") for path in (ROOT / crate / "src").rglob("*.rs") if path.name != "names.rs"]
    for name in counted():
        assert any(f"Count::{name}" in text or f"Measure::{name}" in text for text in sources), name


def test_every_name_in_the_dashboard_is_of_the_template():
    template = deployed(Dashboard="ENABLED")
    text, _ = body(template)
    names = set(re.findall(r"\$\{(\w+)(?:\.\w+)?\}", text))
    assert names - template["Parameters"].keys() <= template["Resources"].keys()


def test_the_cost_of_an_order_is_that_of_the_price_list():
    """Ten thousand orders, each with an email, cost ten thousandth parts of the table in docs/DEPLOY.md."""
    _, dashboard = body(deployed(Dashboard="ENABLED"))
    (widget,) = (widget for widget in dashboard["widgets"] if "Cost" in widget["properties"].get("title", ""))
    (expression,) = (metric[0]["expression"] for metric in widget["properties"]["metrics"] if isinstance(metric[0], dict))
    ids = {metric[-1]["id"] for metric in widget["properties"]["metrics"] if isinstance(metric[0], str)}
    used = set(re.findall(r"[a-z_]{3,}", expression.replace("${FunctionMemoryMegabytes}", "")))
    assert used == ids
    # Batches of ten in both consumers, and two milliseconds of each order in each function.
    orders = 10_000
    values = dict.fromkeys(ids, orders) | {"worker": orders / 10, "notifier": orders / 10} | dict.fromkeys(("api_ms", "worker_ms", "notifier_ms"), 2 * orders)
    formula = expression.replace("${FunctionMemoryMegabytes}", "256")
    cost = eval(formula, {"FILL": lambda value, _: value}, values)  # noqa: S307
    prices = dict(re.findall(r"^\| ([^|]+?) \| (?:about |at most )?\**\$([\d.]+)", (ROOT / "docs/DEPLOY.md").read_text(), re.MULTILINE))
    claims = 0.63
    # DEPLOY.md rounds, and counts the logs.
    of_table = sum(float(price) for part, price in prices.items() if not part.startswith(("`", "logs"))) + claims
    assert cost == pytest.approx(of_table / 1000, rel=0.1)


def test_widgets_do_not_overlap():
    _, dashboard = body(deployed(Dashboard="ENABLED"))
    taken = set()
    for widget in dashboard["widgets"]:
        assert widget["x"] + widget["width"] <= 24
        cells = {(x, widget["y"]) for x in range(widget["x"], widget["x"] + widget["width"])}
        assert not cells & taken
        taken |= cells


def prometheus_name(name):
    """The last part of the name under /_local/metrics, as prometheus.rs makes it."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def test_the_dashboard_for_grafana_shows_metrics_that_exist():
    dashboard = json.loads((ROOT / "deploy/grafana/orders.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    shown = {re.search(r"\baws_(?:sqs|lambda|api_gateway)_(\w+?)(?:_sum)?(?=[{\[]|$)", e) for e in expressions[1:]}
    assert expressions[0].startswith("aws_cloudwatch_alarm{") and len(shown) > 10 and None not in shown
    assert {match[1] for match in shown} <= {prometheus_name(name) for name in emitted()}
