// Money as decimal strings, in whole minor units. No floating point: 3 x "0.10" is "0.30".

/** @param {string} price @param {number} quantity @returns {string} */
export function times(price, quantity) {
  const decimals = decimalsOf(price);
  return written(minor(price) * BigInt(quantity), decimals);
}

/** The sum of prices in one currency. @param {string[]} prices @returns {string} */
export function sum(prices) {
  const decimals = Math.max(0, ...prices.map(decimalsOf));
  return written(prices.reduce((total, price) => total + minor(price), 0n), decimals);
}

/** For people, in their own form. @param {string} price @param {string} currency */
export function shown(price, currency) {
  const decimals = decimalsOf(price);
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency, minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return format.format(/** @type {any} */ (price));
}

/** @param {string} price */
function decimalsOf(price) {
  return price.split(".")[1]?.length ?? 0;
}

/** @param {string} price */
function minor(price) {
  return BigInt(price.replace(".", ""));
}

/** @param {bigint} amount @param {number} decimals */
function written(amount, decimals) {
  const digits = String(amount).padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
