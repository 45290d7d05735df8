// Places an order exactly once. The request and its key are kept in the browser before the request is sent, and as long as its outcome is not
// known. A reload, a second click or a lost answer sends the same request under the same key, and the API answers with the same order.

import { Away, send } from "./api.js";
import { completeCheckout, dropCheckout, keepCheckout, lines } from "./basket.js";

const LONGEST_WAIT = 30;

/** @typedef {{ name: string, email: string, note: string }} Person */

/** Keeps a new checkout of the basket, or returns the one that is open. @param {Person} person */
export function begin(person) {
  const items = lines();
  const customer = { id: customerId(), ...present({ name: person.name, email: person.email }) };
  const order = {
    customer,
    currency: items[0].currency,
    items: items.map((line) => ({ sku: line.isbn, name: line.title, quantity: line.quantity, unit_price: line.price })),
    ...present({ note: person.note }),
    metadata: { channel: "shop" },
  };
  return keepCheckout({ key: random(), body: JSON.stringify(order) });
}

/**
 * Sends the checkout until there is an answer. Returns the id of the order. A refusal is thrown, and ends the checkout.
 * @param {string} url of the API that takes orders
 * @param {import("./basket.js").Checkout} checkout
 * @param {(seconds: number) => void} waiting is called before each wait
 * @returns {Promise<string>}
 */
export async function finish(url, checkout, waiting) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const headers = { "idempotency-key": checkout.key };
      const { document } = await send(`${url}/orders`, { method: "POST", headers, body: checkout.body });
      completeCheckout(checkout.key);
      return document.order_id;
    } catch (error) {
      if (!(error instanceof Away)) {
        dropCheckout(checkout.key);
        throw error;
      }
      const seconds = Math.min(Math.max(error.seconds, 2 ** attempt), LONGEST_WAIT);
      waiting(seconds);
      // With jitter, so that the browsers of many readers do not all come back at once.
      await new Promise((resolve) => setTimeout(resolve, seconds * (500 + 500 * Math.random())));
    }
  }
}

/** Fields that are not empty. @param {Record<string, string>} fields */
function present(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== ""));
}

/** The reader's name in the orders: a number of this browser. */
function customerId() {
  const id = localStorage.getItem("shop-customer") ?? `web-${random()}`;
  localStorage.setItem("shop-customer", id);
  return id;
}

/** 128 random bits. Unlike crypto.randomUUID it also works on a page without TLS. */
function random() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
