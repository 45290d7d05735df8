// Uploads the cover of a book, and waits until the shop has made it or has refused it.

import { Away, Refusal, send } from "./api.js";

export const MAX_BYTES = 20 * 1024 * 1024;

/** How long the pictures may take. Three failures of the function take three minutes. */
const PATIENCE = 240000;
const PAUSE = 500;

/** The types that the catalogue signs. The content decides, so any of them does for a file that has another one. */
const TYPES = ["image/jpeg", "image/png", "image/webp", "image/gif"];

/**
 * @param {string} book the address of the book
 * @param {Record<string, string>} headers
 * @param {File} file
 * @param {string} uploads the address that takes uploads, or an empty text for that of the form
 * @param {(share: number) => void} onProgress hears the share that is sent, from 0 to 1
 * @returns {Promise<any>} the new cover
 */
export async function uploadCover(book, headers, file, uploads, onProgress) {
  const { document: before } = await send(book);
  const contentType = TYPES.includes(file.type) ? file.type : TYPES[0];
  const request = { method: "POST", headers, body: JSON.stringify({ content_type: contentType, size: file.size }) };
  const { document: form } = await send(`${book}/cover`, request);
  await post(uploads === "" ? form.url : uploads, form.fields, file, onProgress);
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    const { document: after } = await send(book);
    if (after.version !== before.version && after.cover.state !== "none") {
      return after.cover;
    }
  }
  throw new Away();
}

/**
 * A form has its file at the end: S3 ignores fields after it. `fetch` tells no progress.
 * @param {string} url @param {Record<string, string>} fields @param {File} file @param {(share: number) => void} onProgress
 */
function post(url, fields, file, onProgress) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    form.append(name, value);
  }
  form.append("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => onProgress(event.lengthComputable ? event.loaded / event.total : 0));
    request.upload.addEventListener("load", () => onProgress(1));
    request.addEventListener("load", () => {
      if (request.status < 300) {
        resolve(undefined);
      } else {
        reject(request.status >= 500 ? new Away() : new Refusal(request.status, { detail: "the upload does not fit its form, or came too late" }));
      }
    });
    for (const name of ["error", "abort", "timeout"]) {
      request.addEventListener(name, () => reject(new Away()));
    }
    request.open("POST", url);
    request.send(form);
  });
}
