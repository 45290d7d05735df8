// Adds a book and its cover to the catalogue. For a book that is there, it changes the cover alone.

import { explain, Refusal, send } from "./api.js";
import "./basket.js";
import { addresses } from "./config.js";
import { byId, h } from "./dom.js";
import { MAX_BYTES, uploadCover } from "./upload.js";

const FIELDS = ["isbn", "title", "authors", "price", "currency", "stock"];
const notice = byId("notice");
const coverNotice = byId("cover-notice");
const preview = byId("preview");
const form = byId("add");
const REASONS = new Map([
  ["file_too_large", "the file is larger than 20 MB"],
  ["unsupported_format", "the file is no JPEG, PNG, WebP or GIF picture, whatever its name says"],
  ["damaged", "the picture is damaged"],
  ["too_many_pixels", "the picture has more than 50 megapixels"],
  ["too_small", "the picture is smaller than 160 by 160 pixels"],
]);

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
  coverNotice.textContent = "";
  /** @type {File | undefined} */
  const file = byId("cover").files[0];
  if (file && file.size > MAX_BYTES) {
    byId("cover-error").textContent = "The file is larger than 20 MB.";
    byId("cover").focus();
    return;
  }
  const text = (/** @type {string} */ id) => byId(id).value.trim();
  const authors = text("authors").split(";").map((/** @type {string} */ name) => name.trim()).filter((/** @type {string} */ name) => name !== "");
  const book = { isbn: text("isbn"), title: text("title"), authors, price: text("price"), currency: text("currency").toUpperCase(), stock: text("stock") };
  const key = text("api-key");
  try {
    const { catalog } = await addresses();
    /** @type {Record<string, string>} */
    const headers = key === "" ? {} : { "x-api-key": key };
    const { status, document: stored } = await send(`${catalog}/books`, { method: "POST", headers, body: JSON.stringify(book) });
    if (file) {
      await addCover(catalog, stored, headers, file);
    }
    notice.replaceChildren(status === 201 ? "Added: " : "The catalogue has this book already: ", h("a", { href: `book.html?isbn=${stored.isbn}` }, stored.title));
  } catch (error) {
    notice.textContent = explain(error);
    if (error instanceof Refusal) {
      showViolations(error);
    }
  }
}

/** @param {string} catalog @param {any} stored @param {Record<string, string>} headers @param {File} file */
async function addCover(catalog, stored, headers, file) {
  byId("upload").hidden = false;
  coverNotice.textContent = "The cover is uploaded …";
  try {
    const { covers, uploads } = await addresses();
    const cover = await uploadCover(`${catalog}/books/${stored.isbn}`, headers, file, uploads, (share) => {
      byId("progress").value = Math.round(share * 100);
      if (share === 1) {
        coverNotice.textContent = "The cover is made …";
      }
    });
    if (cover.state === "ready") {
      coverNotice.replaceChildren("The book has its cover. ", h("img", { class: "preview", src: `${covers}/${cover.pictures[0].path}`, alt: `Cover of ${stored.title}` }));
    } else {
      coverNotice.textContent = `The cover was refused: ${REASONS.get(cover.reason) ?? "the file cannot be used"}.`;
    }
  } catch (error) {
    coverNotice.textContent = explain(error);
    if (error instanceof Refusal) {
      showViolations(error);
    }
  } finally {
    byId("upload").hidden = true;
    byId("progress").value = 0;
  }
}

byId("cover").addEventListener("change", () => {
  URL.revokeObjectURL(preview.src);
  byId("cover-error").textContent = "";
  const file = byId("cover").files[0];
  preview.hidden = !file;
  if (file) {
    preview.src = URL.createObjectURL(file);
  } else {
    preview.removeAttribute("src");
  }
});
// A file that is no picture has no preview. Whether it is a cover, the shop says.
preview.addEventListener("error", () => { preview.hidden = true; });

form.addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  await add();
  button.disabled = false;
});
