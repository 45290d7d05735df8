// Calls a running system with the generated client. The compiler checks that each answer has the types of the contract.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { getOrder, index, listOrders, placeOrder, placeOrders } from "./orders.js";
import type { Order } from "./orders.js";

const customer = `customer-${randomUUID().slice(0, 8)}`;
const order: Order = {
  customer: { id: customer, name: "Ada Example" },
  currency: "EUR",
  items: [{ sku: "TEA-ASSAM-250", name: "Assam tea", quantity: 2, unit_price: "12.50" }],
};
const keyed = (key: string) => ({ headers: { "Idempotency-Key": key } });

const links = await index();
assert.equal(links.status, 200);

const key = randomUUID();
const placed = await placeOrder(order, keyed(key));
if (placed.status !== 202) throw new Error(JSON.stringify(placed.data));
assert.equal(placed.data.total, "25.00");
let again = await placeOrder(order, keyed(key));
// A request with this key may still be under way, as far as the API knows.
while (again.status === 409) {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  again = await placeOrder(order, keyed(key));
}
if (again.status !== 202) throw new Error(JSON.stringify(again.data));
assert.equal(again.data.order_id, placed.data.order_id);

const deadline = Date.now() + 60_000;
for (;;) {
  const read = await getOrder(placed.data.order_id);
  if (read.status === 200) {
    assert.equal(read.data.customer.id, customer);
    break;
  }
  // Accepted, and not stored. Without its claim, which had no answer in time, the order is unknown until it is stored.
  assert.ok(read.status === 202 || read.status === 404);
  assert.ok(Date.now() < deadline, "the order is not stored");
}
const list = await listOrders({ customer_id: customer });
if (list.status !== 200) throw new Error(JSON.stringify(list.data));
assert.deepEqual(list.data.orders.map((one) => one.order_id), [placed.data.order_id]);

const batch = await placeOrders({ entries: [{ idempotency_key: randomUUID(), order }] });
if (batch.status !== 207) throw new Error(JSON.stringify(batch.data));
assert.equal(batch.data.results[0]?.status, 202);

// Errors: one of the function, one of the gateway. Both have `status`.
const invalid = await placeOrder({ ...order, items: [] }, keyed(randomUUID()));
if (invalid.status !== 422) throw new Error(JSON.stringify(invalid));
assert.equal(invalid.data.status, 422);
const huge = { ...order, note: "x".repeat(11 * 1024 * 1024) };
const tooLarge = await placeOrder(huge, keyed(randomUUID()));
if (tooLarge.status !== 413) throw new Error(JSON.stringify(tooLarge));
assert.deepEqual([tooLarge.data.status, tooLarge.data.type], [413, "urn:orders:problem:too-large"]);
console.log("the TypeScript client works");
