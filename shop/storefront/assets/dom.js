// Building elements. A text becomes a text node, never markup: other people wrote some of these texts.

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Properties */

/**
 * Makes an element. A property that is a function listens to the event of its name; all others are attributes.
 * @param {string} name @param {Properties} [properties] @param {...Child} children @returns {any}
 */
export function h(name, properties = {}, ...children) {
  return finish(document.createElement(name), properties, children);
}

/** The same for SVG. @param {string} name @param {Properties} [properties] @param {...Child} children @returns {any} */
export function svg(name, properties = {}, ...children) {
  return finish(document.createElementNS("http://www.w3.org/2000/svg", name), properties, children);
}

/** The element with this id, which the page has. @param {string} id @returns {any} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) {
    throw new Error(`the page has no #${id}`);
  }
  return element;
}

/** @param {Element} element @param {Properties} properties @param {Child[]} children */
function finish(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") {
      element.addEventListener(name, value);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(typeof child === "number" ? String(child) : child);
    }
  }
  return element;
}
