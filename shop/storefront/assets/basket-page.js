// The basket and the checkout.

import { explain, Refusal } from "./api.js";
import { dropCheckout, lines, MAX_QUANTITY, openCheckout, setQuantity } from "./basket.js";
import { begin, finish } from "./checkout.js";
import { addresses } from "./config.js";
import { byId, h } from "./dom.js";
import { shown, sum, times } from "./money.js";

const notice = byId("notice");
const form = byId("checkout");
/** The API's pointers, and the fields of the form. */
const FIELDS = new Map([["/customer/name", "name"], ["/customer/email", "email"], ["/note", "note"]]);

/** @param {import("./basket.js").Line} line */
function row(line) {
  const id = `quantity-${line.isbn}`;
  return h("tr", {},
    h("td", {}, h("a", { href: `book.html?isbn=${line.isbn}` }, line.title)),
    h("td", {},
      h("label", { for: id, class: "quiet" }, "Copies"), " ",
      h("input", { id, type: "number", min: 0, max: MAX_QUANTITY, value: line.quantity, change: (/** @type {any} */ event) => change(line.isbn, event.target.value) })),
    h("td", {}, shown(times(line.price, line.quantity), line.currency)),
    h("td", {}, h("button", { type: "button", class: "quiet", "aria-label": `Take out ${line.title}`, click: () => change(line.isbn, "0") }, "Take out")));
}

/** @param {string} isbn @param {string} text */
function change(isbn, text) {
  if (/^[0-9]{1,3}$/.test(text)) {
    setQuantity(isbn, Number(text));
  }
  show();
}

function show() {
  const all = lines();
  form.hidden = all.length === 0;
  if (all.length === 0) {
    byId("lines").replaceChildren(h("p", {}, "Your basket is empty."));
    return;
  }
  const total = sum(all.map((line) => times(line.price, line.quantity)));
  byId("lines").replaceChildren(h("table", { class: "lines" },
    h("tbody", {}, ...all.map(row)),
    h("tfoot", {}, h("tr", { class: "sum" }, h("td", {}, "Total"), h("td"), h("td", { id: "total" }, shown(total, all[0].currency)), h("td")))));
}

/** Shows each violation beside the field that the API's pointer names. @param {unknown} error */
function showError(error) {
  const others = [];
  for (const violation of error instanceof Refusal ? error.violations : []) {
    const field = FIELDS.get(violation.pointer ?? "");
    if (field) {
      byId(`${field}-error`).textContent = `This ${violation.detail}.`;
      byId(field).setAttribute("aria-invalid", "true");
    } else {
      others.push(`${violation.pointer}: ${violation.detail}`);
    }
  }
  byId("other-errors").textContent = others.join("; ");
  notice.textContent = error instanceof Refusal && error.violations.length > 0 ? "Please correct the order. Nothing was ordered." : explain(error);
  form.querySelector("[aria-invalid]")?.focus();
}

function clearErrors() {
  for (const field of FIELDS.values()) {
    byId(`${field}-error`).textContent = "";
    byId(field).removeAttribute("aria-invalid");
  }
  byId("other-errors").textContent = "";
}

/** @param {import("./basket.js").Checkout} checkout */
async function complete(checkout) {
  const controls = [...form.elements, ...byId("lines").querySelectorAll("input, button")];
  controls.forEach((control) => { control.disabled = true; });
  notice.textContent = "Placing your order …";
  try {
    const { orders } = await configured();
    if (orders === "") {
      dropCheckout(checkout.key);
      controls.forEach((control) => { control.disabled = false; });
      notice.textContent = "This shop shows books and sells none: it does not know an API that takes orders.";
      return;
    }
    const id = await finish(orders, checkout, () => {
      notice.textContent = "The shop did not answer, so nobody knows yet whether your order arrived. It is sent again, and it will be one order. You can close or reload this page.";
    });
    location.assign(`order.html?id=${encodeURIComponent(id)}`);
  } catch (error) {
    controls.forEach((control) => { control.disabled = false; });
    show();
    showError(error);
  }
}

/** The addresses, as soon as the server of the pages answers. */
async function configured() {
  for (;;) {
    try {
      return await addresses();
    } catch {
      notice.textContent = "The shop cannot be reached. Your order is kept, and is sent as soon as it can.";
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}

form.addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  clearErrors();
  if (lines().length === 0) {
    show();
    return;
  }
  const text = (/** @type {string} */ id) => byId(id).value;
  complete(begin({ name: text("name"), email: text("email"), note: text("note") }));
});
addEventListener("storage", show);

show();
const open = openCheckout();
if (open) {
  complete(open);
}
