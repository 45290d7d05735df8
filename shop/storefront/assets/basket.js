// The basket, kept in this browser, together with a checkout of which the outcome is not known yet. Both are one value, so that the answer
// to a checkout empties the basket and ends the checkout in one step.

/** @typedef {{ isbn: string, title: string, price: string, currency: string, quantity: number }} Line */
/** @typedef {{ key: string, body: string }} Checkout */
/** @typedef {{ lines: Line[], checkout: Checkout | null }} Kept */

const NAME = "shop-basket";
export const MAX_QUANTITY = 99;

/** @returns {Kept} */
function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? "");
    return { lines: kept.lines.filter(isLine), checkout: kept.checkout ?? null };
  } catch {
    return { lines: [], checkout: null };
  }
}

/** @param {any} line */
function isLine(line) {
  return typeof line?.isbn === "string" && typeof line.price === "string" && Number.isInteger(line.quantity) && line.quantity > 0;
}

/** @param {Kept} kept */
function write(kept) {
  localStorage.setItem(NAME, JSON.stringify(kept));
  showCount();
}

export function lines() {
  return read().lines;
}

/** Puts one more copy of a book in. An order has one currency. @param {Omit<Line, "quantity">} book @returns {boolean} whether it is in */
export function add(book) {
  const kept = read();
  if (kept.lines.some((line) => line.currency !== book.currency)) {
    return false;
  }
  const line = kept.lines.find((one) => one.isbn === book.isbn);
  if (line) {
    // The price that the reader saw last.
    Object.assign(line, book, { quantity: Math.min(line.quantity + 1, MAX_QUANTITY) });
  } else {
    kept.lines.push({ ...book, quantity: 1 });
  }
  write(kept);
  return true;
}

/** 0 takes the book out. @param {string} isbn @param {number} quantity */
export function setQuantity(isbn, quantity) {
  const kept = read();
  kept.lines = kept.lines
    .map((line) => (line.isbn === isbn ? { ...line, quantity: Math.min(quantity, MAX_QUANTITY) } : line))
    .filter((line) => line.quantity > 0);
  write(kept);
}

/** The checkout of which the outcome is not known. */
export function openCheckout() {
  return read().checkout;
}

/** Keeps a checkout before it is sent. One that is open already stays, so that a second click is the same order. @param {Checkout} checkout @returns {Checkout} */
export function keepCheckout(checkout) {
  const kept = read();
  if (kept.checkout) {
    return kept.checkout;
  }
  write({ ...kept, checkout });
  return checkout;
}

/** The order was refused: the basket stays, and the next try is a new order. @param {string} key */
export function dropCheckout(key) {
  const kept = read();
  if (kept.checkout?.key === key) {
    write({ ...kept, checkout: null });
  }
}

/** The order was accepted: the basket is empty, unless another tab began something new meanwhile. @param {string} key */
export function completeCheckout(key) {
  if (read().checkout?.key === key) {
    write({ lines: [], checkout: null });
  }
}

/** Shows the number of books in the head of the page. */
export function showCount() {
  const count = lines().reduce((total, line) => total + line.quantity, 0);
  const place = document.getElementById("basket-count");
  if (place) {
    place.textContent = count === 0 ? "" : `(${count})`;
  }
}

addEventListener("storage", showCount);
showCount();
