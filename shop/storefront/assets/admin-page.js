// Adds a book to the catalogue.

import { explain, Refusal, send } from "./api.js";
import "./basket.js";
import { addresses } from "./config.js";
import { byId, h } from "./dom.js";

const FIELDS = ["isbn", "title", "authors", "price", "currency", "stock"];
const notice = byId("notice");
const form = byId("add");

/** @param {Refusal} error */
function showViolations(error) {
  const others = [];
  for (const { pointer = "", detail } of error.violations) {
    const field = FIELDS.find((name) => pointer === `/${name}` || pointer.startsWith(`/${name}/`));
    if (field) {
      byId(`${field}-error`).textContent = `This ${detail}.`;
      byId(field).setAttribute("aria-invalid", "true");
    } else {
      others.push(detail);
    }
  }
  byId("other-errors").textContent = others.join("; ");
  form.querySelector("[aria-invalid]")?.focus();
}

async function add() {
  for (const field of FIELDS) {
    byId(`${field}-error`).textContent = "";
    byId(field).removeAttribute("aria-invalid");
  }
  byId("other-errors").textContent = "";
  const text = (/** @type {string} */ id) => byId(id).value.trim();
  const authors = text("authors").split(";").map((/** @type {string} */ name) => name.trim()).filter((/** @type {string} */ name) => name !== "");
  const book = { isbn: text("isbn"), title: text("title"), authors, price: text("price"), currency: text("currency").toUpperCase(), stock: text("stock") };
  const key = text("api-key");
  try {
    const { catalog } = await addresses();
    /** @type {Record<string, string>} */
    const headers = key === "" ? {} : { "x-api-key": key };
    const { status, document: stored } = await send(`${catalog}/books`, { method: "POST", headers, body: JSON.stringify(book) });
    notice.replaceChildren(status === 201 ? "Added: " : "The catalogue has this book already: ", h("a", { href: `book.html?isbn=${stored.isbn}` }, stored.title));
  } catch (error) {
    notice.textContent = explain(error);
    if (error instanceof Refusal) {
      showViolations(error);
    }
  }
}

form.addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  await add();
  button.disabled = false;
});
