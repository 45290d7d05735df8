"""docs/OPERATIONS.md has a row for every alarm of the template, and no other row."""

import re
from pathlib import Path

from deployed_template import source

RUNBOOK = (Path(__file__).resolve().parents[2] / "docs" / "OPERATIONS.md").read_text()


def test_every_alarm_of_the_template_has_its_row_and_no_other():
    alarms = {name for name, one in source()["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    assert set(re.findall(r"`(\w+Alarm)`", RUNBOOK)) == alarms


def test_the_costs_count_the_alarms():
    alarms = [one for one in source()["Resources"].values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    deploy = (Path(__file__).resolve().parents[2] / "docs" / "DEPLOY.md").read_text()
    metrics = sum(len([query for query in one["Properties"].get("Metrics", [{"MetricStat": {}}]) if "MetricStat" in query]) for one in alarms)
    assert f"costs the alarms ({len(alarms)}, which watch {metrics} metrics at $0.10 a month)" in deploy


def test_every_row_links_a_section():
    sections = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)}
    links = re.findall(r"\]\(#([\w-]+)\)", RUNBOOK)
    assert links and set(links) <= sections


def section(anchor):
    """The text below the heading with this anchor."""
    parts = re.split(r"^## (.+)$", RUNBOOK, flags=re.MULTILINE)
    return next(text for heading, text in zip(parts[1::2], parts[2::2], strict=True) if heading.lower().replace(" ", "-") == anchor)


def test_every_section_of_an_alarm_has_something_to_type_and_what_was_seen():
    anchors = set(re.findall(r"`\w+Alarm`.* \| .*\]\(#([\w-]+)\) \|$", RUNBOOK, re.MULTILINE))
    assert len(anchors) > 10
    for anchor in anchors:
        blocks = re.findall(r"(?:^ {4}.*\n)+", section(anchor), re.MULTILINE)
        commands = [block for block in blocks if re.match(r" {4}(orderctl|aws) ", block)]
        assert commands, f"{anchor}: nothing to type"
        assert len(blocks) > len(commands), f"{anchor}: no output"


def test_every_alarm_says_its_severity_and_its_section():
    """An operator reads the description in the mail of the alarm."""
    sections = {}
    for names, anchor in re.findall(r"^\| (`\w+Alarm`.*?) \|.*\]\(#([\w-]+)\) \|$", RUNBOOK, re.MULTILINE):
        sections |= dict.fromkeys(re.findall(r"`(\w+)`", names), anchor)
    alarms = {name: one for name, one in source()["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    assert sections.keys() == alarms.keys()
    for name, alarm in alarms.items():
        description = alarm["Properties"]["AlarmDescription"]
        assert re.search(rf"\. Severity (page|ticket)\. See docs/OPERATIONS\.md#{sections[name]}\.$", description), name
