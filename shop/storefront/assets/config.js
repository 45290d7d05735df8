// Where the two APIs and the covers are. Without an API for orders the shop shows books and sells none. The server of the pages, or the deployment, writes config.json.

/** `covers` is the address below which pictures are. `uploads` takes uploads; if it is empty, the form says where to.
 * @typedef {{ catalog: string, orders: string, covers: string, uploads: string }} Addresses */

/** @returns {Promise<Addresses>} */
export async function addresses() {
  const response = await fetch("config.json", { cache: "no-store" });
  if (!response.ok) {
    throw new Error("the shop is not ready");
  }
  const { catalog_url: catalog, order_url: orders, covers_url: covers = "", upload_url: uploads = "" } = await response.json();
  const absolute = (/** @type {string} */ url) => new URL(url, document.baseURI).href.replace(/\/$/, "");
  return { catalog: absolute(catalog), orders: orders === "" ? "" : absolute(orders), covers: covers === "" ? "" : absolute(covers), uploads: uploads === "" ? "" : absolute(uploads) };
}
