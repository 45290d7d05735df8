// Plots of the last hour, drawn as SVG.

import { describeExtent, fill, formatNumber, h, setText, svg } from "./dom.js";
import { get, onLive, ServerError } from "./server.js";

const WIDTH = 720;
const HEIGHT = 190;
const LEFT = 52;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 24;
/** The shortest time between two readings. */
const REFRESH_MS = 5000;
/** The emails a second at which SNS suspends a subscription. */
const EMAIL_LIMIT = 10;

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const EXACT = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** @typedef {{ name: string, values: (number | null)[] }} Series */
/** @typedef {{ title: string, unit: string, series: Series[], format?: (value: number) => string, limit?: number, isStep?: boolean }} Plot */
/** @typedef {{ from: number, step: number, markers: { at: number, text: string }[] }} Axis */

/** The windows that are drawn, in minutes: the shortest that holds all that happened. */
const WINDOWS = [10, 30, 60];

/** Each text once, with its number. @param {string[]} texts */
function counted(texts) {
  const counts = new Map();
  texts.forEach((text) => counts.set(text, (counts.get(text) ?? 0) + 1));
  return [...counts].map(([text, count]) => (count > 1 ? `${count} × ${text}` : text));
}

/**
 * The newest part of an hour in which something happened.
 * @param {any} hour
 */
function crop(hour) {
  const groups = [hour.rates, hour.percentiles, hour.depths, hour.failures];
  const all = groups.flatMap((group) => /** @type {(number | null)[][]} */ (Object.values(group)));
  const points = hour.emails.length;
  const starts = all.map((values) => values.findIndex((value) => value !== null && value > 0)).filter((start) => start >= 0);
  const first = Math.min(points, ...starts);
  const minutes = WINDOWS.find((wanted) => first >= points - (wanted * 60000) / hour.step) ?? 60;
  const skipped = points - Math.min(points, (minutes * 60000) / hour.step);
  const cut = (/** @type {Record<string, (number | null)[]>} */ group) => Object.fromEntries(Object.entries(group).map(([name, values]) => [name, values.slice(skipped)]));
  return {
    ...hour, minutes, from: hour.from + skipped * hour.step, rates: cut(hour.rates), percentiles: cut(hour.percentiles), depths: cut(hour.depths),
    failures: cut(hour.failures), emails: hour.emails.slice(skipped),
    markers: hour.markers.filter((/** @type {{ at: number }} */ marker) => marker.at >= hour.from + skipped * hour.step),
  };
}

/** A round number that is not below. @param {number} value */
function ceiling(value) {
  if (value <= 0) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value) ?? value;
}

/** @param {number} milliseconds */
function formatWait(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(milliseconds < 10000 ? 1 : 0)} s`;
}

/** @param {number} value */
function formatValue(value) {
  return Number.isInteger(value) ? formatNumber(value) : value.toFixed(value < 10 ? 2 : 0);
}

/** One plot with its legend and the values under the pointer. */
class Drawing {
  /** @param {Plot} plot @param {Axis} axis */
  constructor(plot, axis) {
    const points = plot.series[0]?.values.length ?? 0;
    const known = plot.series.flatMap((series) => series.values).filter((value) => value !== null);
    const top = ceiling(Math.max(...known, plot.limit ?? 0, 0));
    const format = plot.format ?? formatValue;
    const x = (/** @type {number} */ index) => LEFT + (index / Math.max(1, points - 1)) * (WIDTH - LEFT - RIGHT);
    const y = (/** @type {number} */ value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
    const grid = [0, 0.5, 1].map((part) => svg("g", { class: "grid" },
      svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(part * top), y2: y(part * top) }),
      svg("text", { x: LEFT - 6, y: y(part * top) + 4, "text-anchor": "end" }, format(part * top))));
    const hours = [0, 0.25, 0.5, 0.75, 1].map((part) => svg("text", {
      class: "axis", x: LEFT + part * (WIDTH - LEFT - RIGHT), y: HEIGHT - 6, "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle",
    }, TIME.format(axis.from + part * (points - 1) * axis.step)));
    const lines = plot.series.map((series, index) => svg("path", { class: `line-${index % 6}`, d: path(series.values, x, y) }));
    const limit = plot.limit === undefined ? null : svg("g", { class: "limit" },
      svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(plot.limit), y2: y(plot.limit) }),
      svg("text", { x: WIDTH - RIGHT, y: y(plot.limit) - 4, "text-anchor": "end" }, `limit ${plot.limit}`));
    const markers = axis.markers.map((marker) => {
      const at = x((marker.at - axis.from) / axis.step);
      return svg("g", { class: "marker" }, svg("line", { x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM }), svg("title", {}, `${EXACT.format(marker.at)} ${marker.text}`));
    });
    const cursor = svg("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
    const readout = h("p", { class: "readout" });
    const latest = points - 1;
    const describe = (/** @type {number} */ index) => {
      const at = axis.from + index * axis.step;
      const values = plot.series.map((series) => {
        const value = series.values[index];
        return `${series.name} ${value === null || value === undefined ? "–" : format(value)}`;
      });
      const near = axis.markers.filter((marker) => Math.abs(marker.at - at) < axis.step).map((marker) => marker.text);
      setText(readout, [EXACT.format(at), ...values, ...counted(near)].join("   "));
      cursor.setAttribute("x1", String(x(index)));
      cursor.setAttribute("x2", String(x(index)));
    };
    const image = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${plot.title}, ${plot.unit}, over time`, tabindex: "0" },
      ...grid, ...hours, ...markers, limit, ...lines, cursor);
    let index = latest;
    const show = (/** @type {number} */ wanted) => {
      index = Math.max(0, Math.min(latest, wanted));
      cursor.setAttribute("visibility", "visible");
      describe(index);
    };
    image.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      const box = image.getBoundingClientRect();
      const inside = ((event.clientX - box.left) / box.width) * WIDTH - LEFT;
      show(Math.round((inside / (WIDTH - LEFT - RIGHT)) * latest));
    });
    image.addEventListener("pointerleave", () => {
      cursor.setAttribute("visibility", "hidden");
      describe(latest);
    });
    image.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) {
        event.preventDefault();
        show(index + step);
      }
    });
    describe(latest);
    const legend = h("ul", { class: "legend" }, ...plot.series.map((series, place) => h("li", {}, h("span", { class: `key key-${place % 6}`, "aria-hidden": "true" }), series.name)));
    const isEmpty = known.every((value) => value === 0) && plot.limit === undefined;
    this.element = h("section", { class: "card plot", "aria-label": plot.title }, h("h2", {}, plot.title, " ", h("span", { class: "hint" }, plot.unit)),
      legend, known.length === 0 ? h("p", { class: "empty" }, "Nothing in the last hour.") : image, !isEmpty && known.length > 0 && readout);
  }
}

/** @param {(number | null)[]} values @param {(index: number) => number} x @param {(value: number) => number} y */
function path(values, x, y) {
  let isDown = false;
  return values.map((value, index) => {
    if (value === null) {
      isDown = false;
      return "";
    }
    const isAlone = !isDown && (values[index + 1] ?? null) === null;
    const command = `${isDown ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}${isAlone ? "h1.5" : ""}`;
    isDown = true;
    return command;
  }).join("");
}

/** @param {Record<string, (number | null)[]>} series @param {boolean} [onlyUsed] @returns {Series[]} */
function named(series, onlyUsed = false) {
  const shown = Object.entries(series).filter(([, values]) => !onlyUsed || values.some((value) => value !== null && value > 0));
  return shown.map(([name, values]) => ({ name: name.replaceAll("_", " "), values }));
}

/** @returns {import("./app.js").Page} */
export function plots() {
  let isOpen = true;
  let isLoading = false;
  let pointer = false;
  const note = h("p", { class: "hint", role: "status" }, "Loading the last hour.");
  const area = h("div", { class: "plots" });
  area.addEventListener("pointerenter", () => { pointer = true; });
  area.addEventListener("pointerleave", () => { pointer = false; });

  const load = async () => {
    // Values under the pointer do not move while somebody reads them.
    if (isLoading || (pointer && area.childElementCount > 0) || area.contains(document.activeElement)) {
      return;
    }
    isLoading = true;
    try {
      const hour = await get("plots");
      if (isOpen) {
        show(hour);
      }
    } catch (error) {
      setText(note, error instanceof ServerError ? error.message : String(error));
    }
    isLoading = false;
  };

  /** @param {any} whole */
  const show = (whole) => {
    const hour = crop(whole);
    const markers = hour.markers.length;
    setText(note, `The last ${hour.minutes} minutes, in steps of ${hour.step / 1000} seconds. ${markers > 0 ? `${markers} marks: faults and killed functions.` : ""}${describeExtent(hour.extent)}`);
    /** @type {Plot[]} */
    const all = [
      { title: "Orders", unit: "a second", series: named(hour.rates) },
      { title: "Accepted to confirmed", unit: "time", series: named({ p50: hour.percentiles.confirmed_p50, p99: hour.percentiles.confirmed_p99 }), format: formatWait },
      { title: "Accepted to notified", unit: "time", series: named({ p50: hour.percentiles.notified_p50, p99: hour.percentiles.notified_p99 }), format: formatWait },
      { title: "Depth of the queues", unit: "messages", series: named(hour.depths, true) },
      { title: "Failures by reason", unit: "records", series: named(hour.failures, true) },
      { title: "Emails", unit: "a second, at most", series: [{ name: "emails", values: hour.emails }], limit: EMAIL_LIMIT },
    ];
    fill(area, ...all.map((plot) => new Drawing(plot, hour).element));
  };

  const stop = onLive(() => {});
  const timer = setInterval(load, REFRESH_MS);
  void load();
  return {
    elements: [h("h1", {}, "The last hour"), note, area],
    leave: () => {
      isOpen = false;
      clearInterval(timer);
      stop();
    },
  };
}
