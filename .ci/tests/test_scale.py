"""The model of benchmarks/scale.py, and docs/SCALE.md beside it."""

import math
import sys

import pytest
from repository import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import scale  # noqa: E402


def settings(*overrides):
    return scale.Settings.of_template(overrides)


def test_the_page_shows_the_tables_of_the_model():
    page = (ROOT / "docs/SCALE.md").read_text()
    for table in "\n".join(scale.tables()).split("\n\n"):
        assert table in page, f"docs/SCALE.md lacks this table (benchmarks/scale.py tables):\n{table}"


def test_the_settings_are_those_of_the_template():
    assert settings().orders_batch == 10
    assert settings("OrdersBatchSize=250").orders_batch == 250
    for wrong in ("OrdersBatchSize=0", "OrdersBatchSize=-1", "OrdersBatchSize", "BatchSize=10"):
        with pytest.raises(SystemExit, match="whole number above 0"):
            settings(wrong)


@pytest.mark.parametrize("batch, calls", [(1, 2), (10, 2), (11, 3), (25, 4), (26, 5), (100, 14)])
def test_the_calls_of_a_batch(batch, calls):
    assert scale.calls_of_worker(batch) == calls


@pytest.mark.parametrize("orders", [1, 9, 10, 11, 12_345])
def test_a_drain_ends_with_every_order(orders):
    found = scale.drain(orders, settings(), math.inf)
    assert found.milestones[-1] == (found.seconds, 0)
    assert found.invocations == math.ceil(orders / 10)
    assert found.max_in_flight <= found.max_concurrency * 10


def test_without_another_limit_the_pollers_decide():
    few = settings("OrdersMaximumConcurrency=5")
    found = scale.drain(100_000, few, math.inf)
    assert found.max_concurrency == 5
    assert found.seconds == pytest.approx(100_000 / 10 / 5 * scale.seconds_of_worker(10))
    assert found.throttled_seconds == 0


def test_pollers_begin_with_five_and_grow_each_minute():
    # An invocation of a minute: five at the start, 305 in the second minute, 605 in the third.
    found = scale.drain(10 * (5 + 305 + 605), settings("OrdersMaximumConcurrency=1000"), math.inf, lambda _: 60.0)
    assert (found.seconds, found.max_concurrency) == (180.0, 605)


def test_no_drain_has_more_pollers_than_lambda_gives():
    found = scale.drain(1_000_000, settings("OrdersMaximumConcurrency=1000000"), math.inf, lambda _: 10.0)
    assert found.max_concurrency == scale.MAX_POLLERS


def test_a_cold_table_decides_over_any_number_of_pollers():
    found = scale.drain(400_000, settings("OrdersMaximumConcurrency=1000"), 4_000)
    assert found.throttled_seconds > 0
    # From the second minute on, the table is the only limit.
    first_minute = 5 * 10 / scale.seconds_of_worker(10) * 60
    assert found.seconds == pytest.approx(60 + (400_000 - first_minute) / 4_000, rel=0.01)


@pytest.mark.parametrize("rate", [0, 10, 1_000, 100_000])
def test_a_need_grows_with_the_rate_and_never_falls(rate):
    for slow, fast in zip(scale.limits(rate, settings()), scale.limits(rate * 2, settings()), strict=True):
        assert slow.need <= fast.need
        assert slow.has == fast.has


def test_the_api_is_the_first_limit_of_the_template():
    first = next(limit for limit in scale.limits(1_000, settings()) if not limit.holds)
    assert first.remedy == "raise PlaceOrderRateLimit"
    assert all(limit.holds for limit in scale.limits(settings().place_order_rate, settings()))


@pytest.mark.parametrize(
    "overrides, orders",
    [((), 600), (("NotificationsBatchSize=1000", "NotificationsMaximumConcurrency=10"), 6_000)],
)
def test_the_orders_in_emails_that_the_page_names(overrides, orders):
    page = (ROOT / "docs/SCALE.md").read_text()
    assert scale.limits(1, settings(*overrides))[-1].has == orders
    assert f"({orders:,} orders a second)" in page or f"({orders:,} a second)" in page
    # A spike of a million orders.
    assert f"{round(1_000_000 / orders / 60)} minutes" in page
