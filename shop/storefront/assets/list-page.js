// The list of books, and the search.

import { explain, send } from "./api.js";
import "./basket.js";
import { addresses } from "./config.js";
import { cover } from "./cover.js";
import { byId, h } from "./dom.js";
import { shown } from "./money.js";

const query = new URL(location.href).searchParams.get("q") ?? "";
const notice = byId("notice");
const more = byId("more");
let cursor = "";
byId("q").value = query;

/** @param {any} book @param {string} covers */
function entry(book, covers) {
  return h("li", {},
    h("a", { href: `book.html?isbn=${book.isbn}` },
      cover(book, covers, "(max-width: 36rem) 45vw, 10rem"),
      h("span", { class: "title" }, book.title), h("br"),
      h("span", { class: "quiet" }, book.authors.join(", ")), h("br"),
      shown(book.price, book.currency), book.stock === "sold_out" && " · sold out"));
}

async function load() {
  notice.textContent = "Loading …";
  more.disabled = true;
  try {
    const { catalog, covers } = await addresses();
    const parameters = new URLSearchParams({ limit: "24" });
    if (query.trim() !== "") {
      parameters.set("q", query);
    }
    if (cursor !== "") {
      parameters.set("cursor", cursor);
    }
    const { document: page } = await send(`${catalog}/books?${parameters}`);
    byId("books").append(...page.books.map((/** @type {any} */ book) => entry(book, covers)));
    cursor = page.next_cursor ?? "";
    more.hidden = cursor === "";
    const count = byId("books").children.length;
    notice.textContent = count > 0 ? "" : query.trim() === "" ? "The catalogue is empty." : "No book has these words.";
  } catch (error) {
    notice.textContent = explain(error);
    more.hidden = false;
    more.textContent = "Try again";
    return;
  } finally {
    more.disabled = false;
  }
  more.textContent = "Show more books";
}

more.addEventListener("click", load);
load();
