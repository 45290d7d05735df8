"""Calls a running system with the client that openapi-python-client generates."""

import os
import time
from http import HTTPStatus
from uuid import uuid4

import pytest
from orders_client import Client
from orders_client.api.orders import get_order, list_orders, place_order, place_orders
from orders_client.models import Batch, Order


@pytest.fixture(scope="module")
def client():
    return Client(base_url=os.environ["API_URL"])


@pytest.fixture
def order():
    return Order.from_dict(
        {
            "customer": {"id": f"customer-{uuid4().hex[:8]}"},
            "currency": "EUR",
            "items": [{"sku": "TEA-ASSAM-250", "name": "Assam tea", "quantity": 2, "unit_price": "12.50"}],
        }
    )


def place(client, order, key=None):
    return place_order.sync_detailed(client=client, body=order, idempotency_key=key or str(uuid4()))


def place_when_decided(client, order, key):
    """Repeats a request until no earlier one with the key may be under way."""
    deadline = time.monotonic() + 60
    while (answer := place(client, order, key)).status_code == HTTPStatus.CONFLICT:
        assert time.monotonic() < deadline
        time.sleep(int(answer.headers["Retry-After"]))
    return answer


def test_an_order_is_placed_and_read(client, order):
    key = str(uuid4())
    first = place(client, order, key)
    assert (first.status_code, first.parsed.total) == (HTTPStatus.ACCEPTED, "25.00")
    again = place_when_decided(client, order, key)
    assert again.parsed.order_id == first.parsed.order_id
    deadline = time.monotonic() + 60
    while (read := get_order.sync_detailed(first.parsed.order_id, client=client)).status_code != HTTPStatus.OK:
        # Accepted, and not stored. Without its claim, which had no answer in time, the order is unknown until it is stored.
        assert (read.status_code, read.parsed.status) in [(HTTPStatus.ACCEPTED, "accepted"), (HTTPStatus.NOT_FOUND, 404)]
        assert time.monotonic() < deadline
    assert read.parsed.customer.id == order.customer.id
    listed = list_orders.sync_detailed(client=client, customer_id=order.customer.id)
    assert [one.order_id for one in listed.parsed.orders] == [first.parsed.order_id]


def test_a_batch_is_placed(client, order):
    batch = Batch.from_dict({"entries": [{"idempotency_key": str(uuid4()), "order": order.to_dict()}]})
    answer = place_orders.sync_detailed(client=client, body=batch)
    assert answer.status_code == HTTPStatus.MULTI_STATUS
    assert [result.status for result in answer.parsed.results] == [202]


def test_errors_have_the_form_of_the_contract(client, order):
    order.items = []
    invalid = place(client, order)
    assert (invalid.status_code, invalid.parsed.status) == (HTTPStatus.UNPROCESSABLE_ENTITY, 422)
    # The gateway answers this one itself.
    order.note = "x" * (11 * 1024 * 1024)
    too_large = place(client, order)
    assert (too_large.status_code, too_large.parsed.status) == (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 413)
    assert too_large.parsed.type_ == "urn:orders:problem:too-large"
