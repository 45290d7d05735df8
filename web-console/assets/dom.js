// Building elements. A text becomes a text node, never markup: customers wrote some of these texts.

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Properties */

/**
 * Makes an element. A property that is a function listens to the event of its name; all others are attributes.
 * @param {string} name
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {any}
 */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  setProperties(element, properties);
  element.append(...present(children));
  return element;
}

/**
 * The same for SVG.
 * @param {string} name
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {any}
 */
export function svg(name, properties = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  setProperties(element, properties);
  element.append(...present(children));
  return element;
}

/**
 * Replaces the children of an element.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

/**
 * Sets a text, if it differs, so that a screen reader does not repeat it.
 * @param {Element} element
 * @param {string | number} text
 */
export function setText(element, text) {
  const value = String(text);
  if (element.textContent !== value) {
    element.textContent = value;
  }
}

/** @param {Element} element @param {Properties} properties */
function setProperties(element, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") {
      element.addEventListener(name, value);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function present(children) {
  const kept = children.filter((child) => child !== null && child !== undefined && child !== false);
  return kept.map((child) => (child instanceof Node ? child : String(child)));
}

const NUMBER = new Intl.NumberFormat("en");
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const MOMENT = new Intl.DateTimeFormat("en-GB", {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** The zone in which all times are shown. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** @param {number} value */
export function formatNumber(value) {
  return NUMBER.format(value);
}

/** A rate, with one decimal while it is small. @param {number | null} perSecond */
export function formatRate(perSecond) {
  if (perSecond === null) {
    return "–";
  }
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : NUMBER.format(Math.round(perSecond));
}

/** @param {number | null} seconds */
export function formatAge(seconds) {
  if (seconds === null) {
    return "–";
  }
  const units = [[86400, "d"], [3600, "h"], [60, "min"]];
  for (const [size, unit] of units) {
    if (seconds >= Number(size)) {
      return `${Math.floor(seconds / Number(size))} ${unit}`;
    }
  }
  return `${Math.floor(seconds)} s`;
}

/**
 * A moment of the server in the viewer's zone, as an element that also holds the exact time.
 * @param {string | null | undefined} text
 * @param {boolean} [withDate]
 */
export function moment(text, withDate = true) {
  const at = text ? new Date(text) : null;
  if (!at || Number.isNaN(at.getTime())) {
    return h("span", {}, "–");
  }
  const format = withDate ? MOMENT : TIME;
  return h("time", { datetime: at.toISOString(), title: `${at.toISOString()} (UTC)` }, format.format(at));
}

/** How much of the table the orders of a page were taken from, as a sentence. @param {"reading" | "part" | "whole"} extent */
export function describeExtent(extent) {
  return { reading: " The table is still being read.", part: " The table is larger: only a part of it was read.", whole: "" }[extent];
}
