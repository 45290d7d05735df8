// Follows an order from its acceptance to the email. The address of the page can be kept as a bookmark.

import { Away, Refusal, send } from "./api.js";
import "./basket.js";
import { addresses } from "./config.js";
import { byId, h } from "./dom.js";
import { shown, times } from "./money.js";

const notice = byId("notice");
const id = new URL(location.href).searchParams.get("id") ?? "";
/** The steps of an order, and when each is done. */
const STEPS = [["Accepted", () => true], ["Confirmed", (/** @type {any} */ order) => order?.confirmed_at !== undefined], ["Shop notified", (/** @type {any} */ order) => order?.notified_at !== undefined]];

/** @param {any} order, or null as long as it is not stored */
function showSteps(order) {
  byId("steps").replaceChildren(...STEPS.map(([name, isDone]) => {
    const done = /** @type {any} */ (isDone)(order);
    return h("li", { class: done ? "done" : "open" }, String(name), done ? " ✓" : " …");
  }));
}

/** @param {any} order */
function show(order) {
  showSteps(order);
  byId("order").replaceChildren(
    h("p", { class: "quiet" }, "Order ", h("code", {}, order.order_id)),
    h("table", { class: "lines" },
      h("tbody", {}, ...order.items.map((/** @type {any} */ item) => h("tr", {},
        h("td", {}, `${item.quantity} × ${item.name ?? item.sku}`),
        h("td", {}, shown(times(item.unit_price, item.quantity), order.currency))))),
      h("tfoot", {}, h("tr", { class: "sum" }, h("td", {}, "Total"), h("td", {}, shown(order.total, order.currency))))));
}

/**
 * Says how far a stored order is.
 * @param {{cancelled_at?: string, notified_at?: string}} order
 */
function noticeOf(order) {
  if (order.cancelled_at) {
    return "Your order is cancelled.";
  }
  return order.notified_at ? "The shop has been notified of your order." : "Your order is confirmed.";
}

/** Asks until the order has reached its last step. */
async function follow() {
  const { orders } = await addresses();
  let tag = "", seconds = 0.5, known = false;
  showSteps(null);
  for (;;) {
    try {
      /** @type {Record<string, string>} */
      const headers = tag === "" ? {} : { "if-none-match": tag };
      const answer = await send(`${orders}/orders/${encodeURIComponent(id)}`, { headers });
      if (answer.document !== null && answer.document.confirmed_at === undefined) {
        notice.textContent = "Your order is accepted, and will be confirmed in a moment.";
      } else if (answer.document !== null) {
        known = true;
        tag = answer.tag;
        show(answer.document);
        notice.textContent = noticeOf(answer.document);
        if (answer.document.notified_at || answer.document.cancelled_at) {
          return;
        }
      }
    } catch (error) {
      if (error instanceof Refusal && error.type !== "urn:orders:problem:order-not-found") {
        notice.textContent = "There is no order with this number.";
        byId("steps").replaceChildren();
        return;
      }
      notice.textContent = error instanceof Away
        ? "The shop cannot be reached right now. This page keeps trying."
        : known ? notice.textContent : "Your order is accepted, and will be confirmed in a moment.";
    }
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    seconds = Math.min(seconds * 1.3, 10);
  }
}

follow().catch(() => { notice.textContent = "The shop cannot be reached right now. Please reload this page later."; });
