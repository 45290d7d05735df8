// One book.

import { explain, Refusal, send } from "./api.js";
import { add } from "./basket.js";
import { addresses } from "./config.js";
import { cover } from "./cover.js";
import { byId, h } from "./dom.js";
import { shown } from "./money.js";

const STOCK = new Map([["in_stock", "In stock"], ["few_left", "Few left"], ["sold_out", "Sold out"]]);
const notice = byId("notice");

/** @param {any} book */
function put(book) {
  const { isbn, title, price, currency } = book;
  const isIn = add({ isbn, title, price, currency });
  notice.textContent = isIn ? `“${title}” is in your basket.` : "Your basket has books in another currency. Order those first.";
}

/** @param {any} book @param {string} covers */
function show(book, covers) {
  document.title = `${book.title} · Lighthouse Books`;
  byId("book").replaceChildren(
    cover(book, covers, "(max-width: 36rem) 14rem, 16rem"),
    h("div", {},
      h("h1", {}, book.title),
      h("p", {}, book.authors.join(", ")),
      h("p", { class: "title" }, shown(book.price, book.currency)),
      h("p", { class: "quiet" }, `${STOCK.get(book.stock) ?? ""} · ISBN ${book.isbn}`),
      h("button", { type: "button", id: "put", disabled: book.stock === "sold_out", click: () => put(book) }, "Put into the basket")));
  byId("book").hidden = false;
  notice.textContent = "";
}

try {
  const { catalog, covers } = await addresses();
  const isbn = new URL(location.href).searchParams.get("isbn") ?? "";
  const { document: book } = await send(`${catalog}/books/${encodeURIComponent(isbn)}`);
  show(book, covers);
} catch (error) {
  notice.textContent = error instanceof Refusal && error.status === 404 ? "The shop has no such book." : explain(error);
}
