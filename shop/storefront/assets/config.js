// Where the two APIs are. Without an API for orders the shop shows books and sells none. The server of the pages, or the deployment, writes config.json.

/** @typedef {{ catalog: string, orders: string }} Addresses */

/** @returns {Promise<Addresses>} */
export async function addresses() {
  const response = await fetch("config.json", { cache: "no-store" });
  if (!response.ok) {
    throw new Error("the shop is not ready");
  }
  const { catalog_url: catalog, order_url: orders } = await response.json();
  const absolute = (/** @type {string} */ url) => new URL(url, document.baseURI).href.replace(/\/$/, "");
  return { catalog: absolute(catalog), orders: orders === "" ? "" : absolute(orders) };
}
