// The cover of a book: its pictures, or a drawn cover for a book that has none.

import { h, svg } from "./dom.js";

const LINE = 15;
const MAX_LINES = 6;

/**
 * @param {any} book
 * @param {string} covers the address of the covers
 * @param {string} sizes how wide the picture is shown, as the attribute `sizes` says it
 */
export function cover(book, covers, sizes) {
  const { state, pictures = [], width, height } = book.cover ?? {};
  if (state !== "ready" || pictures.length === 0 || covers === "") {
    return drawn(book);
  }
  const address = (/** @type {{ path: string }} */ picture) => `${covers}/${picture.path}`;
  // The title stands beside the picture, so a screen reader need not hear it twice.
  return h("img", {
    class: "cover", alt: "", loading: "lazy", decoding: "async", width, height, sizes,
    src: address(pictures[0]),
    srcset: pictures.map((/** @type {any} */ picture) => `${address(picture)} ${picture.width}w`).join(", "),
    // A picture that cannot be read is no hole in the page.
    error: (/** @type {any} */ event) => event.target.replaceWith(drawn(book)),
  });
}

/** @param {{ isbn: string, title: string, authors: string[] }} book */
function drawn(book) {
  const hue = (Number(book.isbn.slice(-6)) * 47) % 360;
  const lines = wrapped(book.title);
  // The title and the authors stand beside it, so a screen reader need not read it again.
  return svg("svg", { viewBox: "0 0 200 300", class: "cover", "aria-hidden": "true", focusable: "false" },
    svg("rect", { width: 200, height: 300, fill: `hsl(${hue} 45% 28%)` }),
    svg("rect", { x: 12, y: 12, width: 176, height: 276, fill: "none", stroke: `hsl(${hue} 60% 75%)`, "stroke-width": 2 }),
    ...lines.map((line, index) => svg("text", { x: 100, y: 80 + 26 * index, fill: "#fff", "text-anchor": "middle", "font-family": "Georgia, serif", "font-size": 20 }, line)),
    svg("text", { x: 100, y: 262, fill: `hsl(${hue} 60% 85%)`, "text-anchor": "middle", "font-family": "Georgia, serif", "font-size": 13 }, shortened(book.authors[0] ?? "", 24)));
}

/** @param {string} title */
function wrapped(title) {
  const lines = [""];
  for (const word of title.split(/\s+/)) {
    const last = lines.length - 1;
    if (lines[last] !== "" && lines[last].length + word.length >= LINE) {
      lines.push(shortened(word, LINE + 2));
    } else {
      lines[last] = shortened(`${lines[last]} ${word}`.trim(), LINE + 2);
    }
  }
  return lines.slice(0, MAX_LINES);
}

/** @param {string} text @param {number} length */
function shortened(text, length) {
  const characters = [...text];
  return characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : text;
}
