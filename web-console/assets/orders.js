// Orders: search, list and timeline. The server pages, so that a hundred thousand orders are fifty rows here.

import { describeExtent, fill, formatNumber, h, moment, setText } from "./dom.js";
import { get, onLive, send, ServerError } from "./server.js";

/** The time after the last key press after which a search begins. */
const TYPING_MS = 250;
/** The shortest time between two looks at the list while orders arrive. */
const REFRESH_MS = 1500;

/** @typedef {{ order_id: string, status: string, customer_id: string, accepted_at: string, currency: string, total: string }} Row */

/** @returns {import("./app.js").Page} */
export function orders() {
  const [, selected] = location.hash.slice(1).split("/");
  return selected ? timeline(selected) : list();
}

/** @returns {import("./app.js").Page} */
function list() {
  let page = 0;
  let status = "";
  let asked = 0;
  let isOpen = true;
  const search = h("input", { id: "search", type: "search", autocomplete: "off", spellcheck: "false" });
  const chips = h("div", { class: "chips", role: "group", "aria-label": "Status" });
  const note = h("p", { class: "hint", role: "status" });
  const body = h("div", { class: "list" }, h("p", { class: "empty" }, "Loading the orders."));
  const pager = h("nav", { class: "pager", "aria-label": "Pages of orders" });

  const load = async () => {
    asked += 1;
    const own = asked;
    try {
      const answer = await get(`orders?${new URLSearchParams({ q: search.value, status, page: String(page) })}`);
      if (own === asked && isOpen) {
        show(answer);
      }
    } catch (error) {
      if (own === asked && isOpen) {
        fill(body, h("p", { class: "stopped", role: "alert" }, error instanceof ServerError ? error.message : String(error)));
      }
    }
  };

  let refresh = 0;
  const loadSoon = () => {
    if (refresh === 0) {
      refresh = window.setTimeout(() => {
        refresh = 0;
        void load();
      }, REFRESH_MS);
    }
  };

  /** @param {any} answer */
  const show = (answer) => {
    page = answer.page;
    const all = Object.values(answer.counts).reduce((sum, count) => sum + Number(count), 0);
    const chip = (/** @type {string} */ name, /** @type {number} */ count) => h("button", {
      type: "button", class: "chip", "aria-pressed": String(status === name), "data-chip": name || "all",
      click: () => {
        status = name;
        page = 0;
        void load();
      },
    }, `${name || "all"} ${formatNumber(count)}`);
    const focused = document.activeElement?.getAttribute("data-chip");
    fill(chips, chip("", Number(all)), ...Object.entries(answer.counts).map(([name, count]) => chip(name, Number(count))));
    if (focused) {
      /** @type {HTMLElement | null} */ (chips.querySelector(`[data-chip="${CSS.escape(focused)}"]`))?.focus();
    }
    setText(note, `${formatNumber(answer.total)} orders, newest first.${describeExtent(answer.extent)}`);
    if (answer.extent === "reading") {
      loadSoon();
    }
    if (answer.orders.length === 0 && answer.extent === "reading") {
      fill(body, h("p", { class: "empty" }, "Reading the orders."));
    } else if (answer.orders.length === 0) {
      fill(body, h("p", { class: "empty" }, search.value || status ? "No order matches." : "No order yet. Place one on the overview."));
    } else {
      fill(body, table(answer.orders));
    }
    const turn = (/** @type {string} */ text, /** @type {number} */ to) => h("button", {
      type: "button", disabled: to < 0 || to >= answer.pages, click: () => {
        page = to;
        void load();
      },
    }, text);
    fill(pager, turn("Newer", page - 1), h("span", {}, `page ${formatNumber(page + 1)} of ${formatNumber(answer.pages)}`), turn("Older", page + 1));
  };

  let typing = 0;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = window.setTimeout(() => {
      page = 0;
      void load();
    }, TYPING_MS);
  });
  const stop = onLive(loadSoon);
  void load();
  return {
    elements: [
      h("h1", {}, "Orders"),
      h("div", { class: "card" },
        h("div", { class: "field" }, h("label", { for: "search" }, "Search by order id, short id, customer, idempotency key or reference"), search),
        chips, note, body, pager),
    ],
    leave: () => {
      isOpen = false;
      clearTimeout(refresh);
      clearTimeout(typing);
      stop();
    },
  };
}

/** @param {Row[]} rows */
function table(rows) {
  const heads = ["Order", "Status", "Customer", "Total", "Accepted"];
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Orders" }, h("table", {},
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {},
      h("td", {}, h("a", { href: `#orders/${row.order_id}`, title: row.order_id }, row.order_id.slice(-8))),
      h("td", {}, h("span", { class: `state ${row.status}` }, row.status)),
      h("td", {}, row.customer_id),
      h("td", { class: "number" }, `${row.currency} ${row.total}`),
      h("td", {}, moment(row.accepted_at)))))));
}

/** One order. @param {string} id @returns {import("./app.js").Page} */
function timeline(id) {
  let isOpen = true;
  let isDone = false;
  let before = "";
  const content = h("div", { class: "timeline" }, h("p", { class: "empty" }, "Loading the order."));

  const load = async () => {
    try {
      const answer = await get(`orders/${encodeURIComponent(id)}`);
      const text = JSON.stringify(answer);
      if (isOpen && text !== before) {
        before = text;
        show(answer);
      }
    } catch (error) {
      if (isOpen) {
        fill(content, h("p", { class: "stopped", role: "alert" }, error instanceof ServerError ? error.message : String(error)));
      }
    }
  };

  /** @param {any} answer */
  const show = (answer) => {
    isDone = ["notified", "cancelled", "dead_letter"].includes(answer.stage);
    const isUnknown = answer.stage === null && answer.attempts.length === 0;
    const raw = h("pre", { tabindex: "0", "aria-label": "The order as JSON" }, JSON.stringify(answer.order ?? answer.letter, null, 2));
    const reveal = h("button", { type: "button", class: "quiet", click: async () => {
      try {
        setText(raw, JSON.stringify(await send("reveal", { kind: "order", id }), null, 2));
        reveal.remove();
      } catch (error) {
        setText(raw, String(error));
      }
    } }, "Show personal data (the audit log says so)");
    fill(content,
      isUnknown && h("p", { class: "empty" }, "This order is not stored, and no dead letter is about it. It may still come, or never was."),
      h("ol", { class: "track" }, ...answer.steps.map((/** @type {any} */ step) => h("li", { class: step.done ? "done" : "" },
        h("strong", {}, step.name), h("span", { class: "hint" }, step.note), h("span", {}, step.at ? moment(step.at) : step.done ? "done" : "not yet")))),
      answer.letter && h("div", { class: "stopped" }, h("p", {}, `It is a dead letter: ${answer.letter.reason}. ${answer.letter.detail ?? ""}`),
        h("p", {}, h("a", { href: `#letters/${answer.letter.message_id}` }, "Look at the letter"))),
      h("h2", {}, "What the functions logged about it"),
      answer.attempts.length === 0
        ? h("p", { class: "hint" }, "Nothing but success, or the logs are not on this machine.")
        : h("ul", { class: "log" }, ...answer.attempts.map((/** @type {any} */ line) => h("li", { class: line.level === "INFO" ? "" : "bad" },
          moment(line.at), " ", h("strong", {}, line.service), " ", line.message,
          line.code ? ` (${line.code}${line.detail ? `: ${line.detail}` : ""})` : "", line.receive_count ? `, receive ${line.receive_count}` : ""))),
      (answer.order || answer.letter) && h("details", {}, h("summary", {}, "The raw JSON"), answer.order && reveal, raw));
  };

  const stop = onLive(() => {
    if (!isDone) {
      void load();
    }
  });
  const timer = setInterval(() => {
    if (!isDone) {
      void load();
    }
  }, REFRESH_MS);
  void load();
  return {
    elements: [
      h("p", {}, h("a", { href: "#orders" }, "← All orders")), h("h1", {}, "Order ", h("code", {}, id)), h("div", { class: "card" }, content),
    ],
    leave: () => {
      isOpen = false;
      clearInterval(timer);
      stop();
    },
  };
}
