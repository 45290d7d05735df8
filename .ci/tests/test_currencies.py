"""The table of currencies agrees with ISO 4217's list one and with the Unicode CLDR."""

import re
from importlib.resources import files
from xml.etree import ElementTree

from babel.core import get_global
from repository import ROOT

TABLE = ROOT / "order-core/src/currency/table.rs"
ROW = re.compile(r'^    (tender|listed|withdrawn|fund)\("([A-Z]{3})", (\d)(?:, "([\d-]{10})")?(?:, "([\d-]{10})")?\),$', re.MULTILINE)

# Codes that CLDR ended and that ISO still lists: El Salvador pays with the US dollar, and its colón was never withdrawn.
STILL_LISTED = {"SVC"}


def table():
    """Code to (kind, decimals, first day, last day)."""
    rows = ROW.findall(TABLE.read_text())
    assert len(rows) == TABLE.read_text().split("CURRENCIES: &[Entry] = &[")[1].count("),\n")
    return {code: (kind, int(decimals), first or None, last or None) for kind, code, decimals, first, last in rows}


def iso():
    """Code to (decimals, whether it is a fund), of the codes that have decimals."""
    root = ElementTree.fromstring(files("iso4217").joinpath("table.xml").read_bytes())
    entries = [entry for entry in root.iter("CcyNtry") if entry.findtext("Ccy") and entry.findtext("CcyMnrUnts") != "N.A."]
    return {
        entry.findtext("Ccy"): (int(entry.findtext("CcyMnrUnts")), entry.find("CcyNm").get("IsFund") == "true")
        for entry in entries
    }


def tender():
    """Code to the days on which it was legal tender anywhere: the first, and the last or None."""
    days = {}
    for currencies in get_global("territory_currencies").values():
        for code, first, last, is_tender in currencies:
            if is_tender and first:
                days.setdefault(code, []).append((first, last))
    day = "{:04}-{:02}-{:02}".format
    return {
        code: (
            day(*min(first for first, _ in spans)),
            None if any(last is None for _, last in spans) else day(*max(last for _, last in spans)),
        )
        for code, spans in days.items()
    }


def test_new_orders_may_use_the_codes_of_iso_but_no_funds():
    assert {code for code, (kind, *_) in table().items() if kind in ("tender", "listed")} == {
        code for code, (_, is_fund) in iso().items() if not is_fund
    }


def test_funds_are_those_of_iso():
    assert {code for code, (kind, *_) in table().items() if kind == "fund"} == {code for code, (_, is_fund) in iso().items() if is_fund}


def test_decimals_are_those_of_iso():
    ours, theirs = table(), iso()
    assert {code: ours[code][1] for code in theirs} == {code: decimals for code, (decimals, _) in theirs.items()}


def test_days_are_those_of_cldr():
    theirs = tender()
    for code, (kind, _, first, last) in table().items():
        if kind == "tender":
            assert theirs[code][0] == first, code
            assert theirs[code][1] is None or code in STILL_LISTED, code
        elif kind == "withdrawn":
            assert theirs[code] == (first, last), code
        else:
            assert code not in theirs, code
