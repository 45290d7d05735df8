// Calls of the two APIs. Both answer errors with problem documents (RFC 9457).

/** @typedef {{ pointer?: string, parameter?: string, detail: string }} Violation */

const TIMEOUT = 15000;

/** The API refused the request, and changed nothing. The same request would be refused again. */
export class Refusal extends Error {
  /** @param {number} status @param {any} problem */
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? `the answer was ${status}`);
    this.status = status;
    this.type = String(problem?.type ?? "");
    /** @type {Violation[]} */
    this.violations = Array.isArray(problem?.errors) ? problem.errors : [];
  }
}

/** There was no answer, or one that says to try again. Nobody knows whether the request had its effect. */
export class Away extends Error {
  /** @param {number} [seconds] before the next try */
  constructor(seconds = 1) {
    super("the service cannot be reached");
    this.seconds = seconds;
  }
}

/**
 * Sends a request. A body is JSON, given as text.
 * @param {string} url
 * @param {{ method?: string, headers?: Record<string, string>, body?: string }} [request]
 * @returns {Promise<{ status: number, tag: string, document: any }>}
 */
export async function send(url, { method = "GET", headers = {}, body } = {}) {
  const all = body === undefined ? headers : { "content-type": "application/json", ...headers };
  let response, document;
  try {
    response = await fetch(url, { method, headers: all, body, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    const text = await response.text();
    document = text === "" ? null : JSON.parse(text);
  } catch {
    // The connection failed, or ended in the middle of the answer.
    throw new Away();
  }
  if (response.ok || response.status === 304) {
    return { status: response.status, tag: response.headers.get("etag") ?? "", document };
  }
  // A conflict with this header is an order whose first request may still be under way, such as one whose answer was lost.
  const isUnderWay = response.status === 409 && response.headers.has("retry-after");
  if (response.status === 429 || response.status >= 500 || isUnderWay) {
    throw new Away(Number(response.headers.get("retry-after")) || 1);
  }
  throw new Refusal(response.status, document);
}

/** A sentence about an error, for a person. @param {unknown} error */
export function explain(error) {
  if (error instanceof Refusal) {
    return `This was refused: ${error.message}.`;
  }
  return "The shop cannot be reached right now. Your basket is kept. Please try again in a moment.";
}
