// Placing an order on the public API, with each problem beside its field.

import { fill, h, setText } from "./dom.js";
import { get, readSession, send, ServerError } from "./server.js";

/** How often an order is asked for until its email is sent, and how often at most. */
const FOLLOW_MS = 500;
const MAX_FOLLOWS = 240;
/** The pause before an order with a key in doubt is sent again. The API is in doubt for 10 seconds at most. */
const CONFLICT_MS = 1000;
const MAX_CONFLICTS = 12;

/** A field with a label and a place for its problem. */
class Field {
  /**
   * @param {string} label
   * @param {string} value
   * @param {Record<string, any>} [attributes]
   */
  constructor(label, value, attributes = {}) {
    const id = `field-${Field.count++}`;
    this.input = h("input", { id, "aria-describedby": `${id}-problem`, autocomplete: "off", spellcheck: "false", ...attributes });
    this.input.value = value;
    this.problem = h("p", { class: "problem", id: `${id}-problem` });
    this.element = h("div", { class: "field" }, h("label", { for: id }, label), this.input, this.problem);
  }

  get value() {
    return this.input.value.trim();
  }

  /** @param {string} text */
  setProblem(text) {
    setText(this.problem, text);
    if (text) {
      this.input.setAttribute("aria-invalid", "true");
    } else {
      this.input.removeAttribute("aria-invalid");
    }
  }
}
Field.count = 0;

/** An item of the order. */
class Item {
  /** @param {(item: Item) => void} remove @param {string[]} [values] */
  constructor(remove, values = ["", "", "1", ""]) {
    const [sku, name, quantity, price] = values;
    /** @type {Record<string, Field>} */
    this.fields = {
      sku: new Field("SKU", sku), name: new Field("Name", name),
      quantity: new Field("Quantity", quantity, { inputmode: "numeric" }),
      unit_price: new Field("Unit price", price, { inputmode: "decimal" }),
    };
    this.problem = h("p", { class: "problem" });
    this.element = h("fieldset", { class: "item" }, h("legend", {}, "Item"),
      ...Object.values(this.fields).map((field) => field.element),
      h("button", { type: "button", class: "quiet", click: () => remove(this) }, "Remove"), this.problem);
  }

  document() {
    const { sku, name, quantity, unit_price: price } = this.fields;
    return withoutEmpty({ sku: sku.value, name: name.value, quantity: toNumber(quantity.value), unit_price: price.value });
  }
}

/** An entry of the order's metadata. */
class Entry {
  /** @param {(entry: Entry) => void} remove */
  constructor(remove) {
    this.name = new Field("Metadata name", "");
    this.text = new Field("Metadata value", "");
    this.element = h("fieldset", { class: "item" }, h("legend", {}, "Metadata"), this.name.element, this.text.element,
      h("button", { type: "button", class: "quiet", click: () => remove(this) }, "Remove"));
  }
}

/** A quantity is a JSON number. A text that is none goes to the API as it is, which says what is wrong. @param {string} text */
function toNumber(text) {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

/** Whether a problem of a metadata entry is about its value, because its name is right. @param {string} text */
function isName(text) {
  return /^[A-Za-z0-9_.-]{1,40}$/.test(text);
}

/** @param {Record<string, any>} document */
function withoutEmpty(document) {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== ""));
}

/** The text of a shell word. @param {string} text */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const SAMPLES = [
  ["TEA-ASSAM-250", "Assam tea, 250 g", "2", "12.50"],
  ["CUP-STONEWARE", "Stoneware cup", "4", "9.90"],
];

/** @returns {{ element: HTMLElement, leave: () => void }} */
export function placeForm() {
  let isOpen = true;
  /** @type {Record<string, Field>} */
  const fields = {
    "/customer/id": new Field("Customer id", "customer-1001"),
    "/customer/name": new Field("Customer name", "Ada Example"),
    "/customer/email": new Field("Customer email", "ada@example.com", { type: "text", inputmode: "email" }),
    "/currency": new Field("Currency", "EUR"),
    "/total": new Field("Total (optional, checked)", "", { inputmode: "decimal" }),
    "/note": new Field("Note", ""),
    "/reference": new Field("Your reference", ""),
  };
  const key = new Field("Idempotency-Key", crypto.randomUUID());
  /** @type {Item[]} */
  let items = [];
  const list = h("div", { class: "items" });
  /** @type {Entry[]} */
  let entries = [];
  const entryList = h("div", { class: "items" });
  const summary = h("div", { class: "result", role: "status" });
  const curl = h("pre", { class: "curl", tabindex: "0", "aria-label": "The same request with curl" });
  const steps = h("ol", { class: "steps" });
  /** @type {{ order: any, key: string } | null} */
  let last = null;

  /** @param {string[]} [values] */
  const addItem = (values) => {
    items.push(new Item((item) => {
      items = items.filter((other) => other !== item);
      item.element.remove();
    }, values));
    list.append(items[items.length - 1].element);
  };
  SAMPLES.forEach((sample) => addItem(sample));

  const addEntry = () => {
    const added = new Entry((entry) => {
      entries = entries.filter((other) => other !== entry);
      entry.element.remove();
    });
    entries.push(added);
    entryList.append(added.element);
  };

  const document = () => {
    const customer = withoutEmpty({ id: fields["/customer/id"].value, name: fields["/customer/name"].value, email: fields["/customer/email"].value });
    return withoutEmpty({
      customer, currency: fields["/currency"].value, items: items.map((item) => item.document()),
      total: fields["/total"].value, note: fields["/note"].value, reference: fields["/reference"].value,
      metadata: entries.length > 0 ? Object.fromEntries(entries.map((entry) => [entry.name.value, entry.text.value])) : "",
    });
  };

  const clearProblems = () => {
    [...Object.values(fields), key, ...entries.flatMap((entry) => [entry.name, entry.text]), ...items.flatMap((item) => Object.values(item.fields))].forEach((field) => field.setProblem(""));
    items.forEach((item) => setText(item.problem, ""));
  };

  /** The field of a JSON pointer, or none. @param {string} pointer @returns {Field | null} */
  const fieldAt = (pointer) => {
    const item = /^\/items\/(\d+)\/(\w+)/.exec(pointer);
    if (item) {
      return items[Number(item[1])]?.fields[item[2]] ?? null;
    }
    const name = /^\/metadata\/(.*)$/s.exec(pointer)?.[1].replaceAll("~1", "/").replaceAll("~0", "~");
    const entry = entries.find((other) => other.name.value === name);
    if (entry) {
      return isName(entry.name.value) ? entry.text : entry.name;
    }
    return fields[pointer] ?? null;
  };

  /** @param {any} problem */
  const showProblem = (problem) => {
    /** @type {{ pointer?: string, detail: string }[]} */
    const errors = problem?.errors ?? [];
    const unplaced = errors.filter((error) => {
      const field = fieldAt(error.pointer ?? "");
      field?.setProblem(error.detail);
      return !field;
    });
    const isKey = String(problem?.type ?? "").includes("idempotency-key") || String(problem?.detail ?? "").startsWith("Idempotency-Key");
    if (isKey) {
      key.setProblem(problem.detail);
    }
    fill(summary, h("p", { class: "bad" }, `${problem?.title ?? problem?.message ?? "The API refused"} (${problem?.status ?? "no status"})`),
      errors.length === 0 && !isKey && problem?.detail && h("p", {}, problem.detail),
      unplaced.length > 0 && h("ul", {}, ...unplaced.map((error) => h("li", {}, `${error.pointer || "/"}: ${error.detail}`))));
    const first = element.querySelector("[aria-invalid]");
    if (first instanceof HTMLElement) {
      first.focus();
    }
  };

  /** Follows an order until its email is sent. @param {string} id */
  const follow = async (id) => {
    for (let turn = 0; turn < MAX_FOLLOWS && isOpen && steps.dataset.order === id; turn += 1) {
      const order = await get(`orders/${id}/stage`).catch(() => null);
      const stage = order?.stage ?? "accepted";
      const done = { accepted: 1, confirmed: 2, cancelled: 2, notified: 3 }[/** @type {"accepted"} */ (stage)] ?? 1;
      [...steps.children].forEach((step, index) => step.classList.toggle("done", index < done));
      if (done === 3 || stage === "cancelled") {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
    }
  };

  /** @param {any} order @param {string} withKey */
  const place = async (order, withKey) => {
    clearProblems();
    const { api_url: url } = await readSession();
    const header = withKey ? ` -H ${quote(`idempotency-key: ${withKey}`)}` : "";
    setText(curl, `curl -sS -X POST ${url}/orders -H 'content-type: application/json'${header} -d ${quote(JSON.stringify(order))}`);
    const placement = { order, idempotency_key: withKey || null };
    let answer = await send("orders", placement);
    // An earlier request with the key may still be under way, such as one that was answered a moment ago.
    for (let turn = 0; answer.status === 409 && turn < MAX_CONFLICTS && isOpen; turn += 1) {
      fill(summary, h("p", { class: "hint" }, "An earlier request with this key may still be under way. Sending again in a moment."));
      await new Promise((resolve) => setTimeout(resolve, CONFLICT_MS));
      answer = await send("orders", placement);
    }
    if (answer.status !== 202) {
      fill(steps);
      showProblem(answer.body);
      return;
    }
    const id = answer.body.order_id;
    const isAgain = last?.key === withKey && steps.dataset.order === id;
    last = { order, key: withKey };
    fill(summary, h("p", { class: "good" }, isAgain ? "The same order again: it stays one order." : "Accepted.", " ", h("a", { href: `#orders/${id}` }, h("code", { "data-order": id }, id))));
    steps.dataset.order = id;
    fill(steps, ...["accepted", "confirmed", "notified"].map((name, index) => h("li", { class: index === 0 ? "done" : "" }, name)));
    void follow(id);
  };

  /** Runs an action, with its button off meanwhile. @param {() => Promise<void>} action */
  const run = (action) => async (/** @type {Event} */ event) => {
    event.preventDefault();
    const button = event instanceof SubmitEvent ? event.submitter : event.currentTarget;
    if (button instanceof HTMLButtonElement) {
      button.setAttribute("aria-busy", "true");
    }
    try {
      await action();
    } catch (error) {
      fill(summary, h("p", { class: "bad" }, error instanceof ServerError ? error.message : String(error)));
    }
    if (button instanceof HTMLButtonElement) {
      button.removeAttribute("aria-busy");
    }
  };

  const form = h("form", { class: "order", novalidate: true, submit: run(async () => place(document(), key.value)) },
    h("div", { class: "fields" }, ...["/customer/id", "/customer/name", "/customer/email"].map((pointer) => fields[pointer].element)),
    list,
    h("button", { type: "button", class: "quiet", click: () => addItem() }, "Add an item"),
    h("div", { class: "fields" }, ...["/currency", "/total", "/note", "/reference"].map((pointer) => fields[pointer].element)),
    entryList,
    h("button", { type: "button", class: "quiet", click: () => addEntry() }, "Add metadata"),
    h("div", { class: "fields" }, key.element),
    h("div", { class: "buttons" },
      h("button", { type: "submit", class: "primary" }, "Place the order"),
      h("button", { type: "button", class: "quiet", click: () => { key.input.value = crypto.randomUUID(); } }, "New key")));

  const tries = h("div", { class: "buttons", role: "group", "aria-label": "Things to try" },
    h("button", { type: "button", title: "Sends the last order again under the same key: it stays one order",
      click: run(async () => place(last?.order ?? document(), last?.key ?? key.value)) }, "Duplicate"),
    h("button", { type: "button", title: "Places 500 orders at once", click: run(async () => {
      const { accepted, refused } = await send("burst", { order: document(), count: 500 });
      fill(steps);
      fill(summary, h("p", { class: refused > 0 ? "bad" : "good" }, `${accepted} orders accepted, ${refused} refused.`));
    }) }, "Burst of 500"),
    h("button", { type: "button", class: "danger", title: "Sends a message that is no order, past the API: it becomes a dead letter", click: run(async () => {
      const { message_id: id } = await send("poison");
      fill(steps);
      fill(summary, h("p", {}, "Poison sent: message ", h("code", {}, id), ". The worker gives it up at once, with the reason."));
    }) }, "Poison"));

  const element = h("section", { class: "place", "aria-labelledby": "place-title" },
    h("div", { class: "card" }, h("h2", { id: "place-title" }, "Place an order"), form),
    h("div", { class: "card" }, h("h2", {}, "See it happen"), tries, summary, steps, h("p", { class: "hint" }, "The same request with curl:"), curl));
  setText(curl, "Place an order, and its request stands here.");
  return { element, leave: () => { isOpen = false; } };
}
