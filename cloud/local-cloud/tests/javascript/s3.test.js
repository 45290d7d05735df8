// S3 with an unmodified SDK for JavaScript v3, which calls AWS_ENDPOINT_URL. It checks the protocol with a client that is not ours.
// docs/AWS-COMPATIBILITY.md names these tests.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";

import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const s3 = new S3Client({
  endpoint: process.env.AWS_ENDPOINT_URL,
  region: "us-east-1",
  forcePathStyle: true,
  maxAttempts: 1,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});
const Bucket = `test-${randomUUID().slice(0, 12)}`;

/** Reads an object as a text. */
async function read(Key, more = {}) {
  const answer = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { ...answer, text: await answer.Body.transformToString() };
}

async function put(Key, Body, more = {}) {
  return await s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
}

/** The name and the status of the error of a call that must fail. */
async function failure(call) {
  try {
    await call;
  } catch (error) {
    return [error.name, error.$metadata?.httpStatusCode];
  }
  throw new Error("the call succeeded");
}

async function keys(Prefix) {
  const found = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
  return (found.Contents ?? []).map((object) => object.Key);
}

before(async () => {
  await s3.send(new CreateBucketCommand({ Bucket }));
});

after(async () => {
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    const Objects = (page.Contents ?? []).map(({ Key }) => ({ Key }));
    if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  }
  await s3.send(new DeleteBucketCommand({ Bucket }));
});

test("javascript_reads_what_it_has_written", async () => {
  const Key = "plain/a b+é.txt";
  const written = await put(Key, "0123456789", { ContentType: "text/plain", Metadata: { author: "ada" } });
  const found = await read(Key);
  assert.equal(found.text, "0123456789");
  assert.deepEqual([found.ContentType, found.Metadata, found.ETag], ["text/plain", { author: "ada" }, written.ETag]);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  assert.deepEqual([head.ContentLength, head.ETag], [10, written.ETag]);
  assert.deepEqual(await failure(read("none")), ["NoSuchKey", 404]);
  assert.deepEqual(await failure(s3.send(new HeadObjectCommand({ Bucket, Key: "none" }))), ["NotFound", 404]);
});

test("javascript_writes_a_stream", async () => {
  // A stream is sent in chunks, with its checksum after them.
  const bytes = randomBytes(300_000);
  await put("stream", Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)]), { ContentLength: bytes.length });
  const found = await s3.send(new GetObjectCommand({ Bucket, Key: "stream" }));
  assert.deepEqual(Buffer.from(await found.Body.transformToByteArray()), bytes);
});

test("javascript_reads_ranges", async () => {
  await put("range", "0123456789");
  for (const [Range, text, ContentRange] of [
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-2", "89", "bytes 8-9/10"],
  ]) {
    const found = await read("range", { Range });
    assert.deepEqual([found.text, found.ContentRange], [text, ContentRange]);
    assert.equal(found.$metadata.httpStatusCode, 206);
  }
  assert.deepEqual(await failure(read("range", { Range: "bytes=10-" })), ["InvalidRange", 416]);
});

test("javascript_checks_checksums", async () => {
  for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "SHA1", "SHA256"]) {
    const name = `Checksum${ChecksumAlgorithm}`;
    const written = await put("sum", "x", { ChecksumAlgorithm });
    assert.ok(written[name]);
    const found = await read("sum", { ChecksumMode: "ENABLED" });
    assert.equal(found[name], written[name]);
  }
  const wrong = put("sum", "x", { ChecksumSHA256: Buffer.alloc(32).toString("base64") });
  assert.deepEqual(await failure(wrong), ["BadDigest", 400]);
});

test("javascript_presigns_urls", async () => {
  const put = new PutObjectCommand({ Bucket, Key: "presigned/ü", ContentType: "image/png" });
  const written = await fetch(await getSignedUrl(s3, put, { expiresIn: 60 }), {
    method: "PUT",
    body: "x",
    headers: { "content-type": "image/png" },
  });
  assert.equal(written.status, 200, await written.text());
  const get = new GetObjectCommand({ Bucket, Key: "presigned/ü", ResponseContentDisposition: "attachment" });
  const url = await getSignedUrl(s3, get, { expiresIn: 60 });
  const found = await fetch(url);
  assert.deepEqual([found.status, await found.text()], [200, "x"]);
  assert.equal(found.headers.get("content-type"), "image/png");
  assert.equal(found.headers.get("content-disposition"), "attachment");
  const part = await fetch(url, { headers: { range: "bytes=0-0" } });
  assert.equal(part.status, 206);
});

test("javascript_presigns_forms", async () => {
  const post = await createPresignedPost(s3, {
    Bucket,
    Key: "form/a",
    Conditions: [["content-length-range", 1, 10]],
    Fields: { "Content-Type": "image/png" },
    Expires: 60,
  });
  const send = async (change = {}, file = "0123") => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...post.fields, ...change })) form.append(name, value);
    form.append("file", new Blob([file]), "a.png");
    const answer = await fetch(post.url, { method: "POST", body: form });
    return [answer.status, (await answer.text()).match(/<Code>(\w+)</)?.[1]];
  };
  assert.deepEqual(await send(), [204, undefined]);
  assert.equal((await read("form/a")).ContentType, "image/png");
  assert.deepEqual(await send({}, "01234567890"), [400, "EntityTooLarge"]);
  assert.deepEqual(await send({ "Content-Type": "text/html" }), [403, "AccessDenied"]);
  assert.deepEqual(await send({ key: "form/b" }), [403, "AccessDenied"]);
  assert.deepEqual(await keys("form/"), ["form/a"]);
});

test("javascript_uploads_in_parts", async () => {
  const bytes = randomBytes(12 * 1024 * 1024);
  const progress = [];
  const upload = new Upload({
    client: s3,
    params: { Bucket, Key: "parts/a", Body: bytes, ContentType: "image/jpeg" },
    partSize: 5 * 1024 * 1024,
    queueSize: 3,
  });
  upload.on("httpUploadProgress", ({ loaded }) => progress.push(loaded));
  const done = await upload.done();
  assert.match(done.ETag, /-3"$/);
  assert.equal(progress.at(-1), bytes.length);
  const found = await s3.send(new GetObjectCommand({ Bucket, Key: "parts/a" }));
  assert.equal(found.ContentType, "image/jpeg");
  assert.ok(Buffer.from(await found.Body.transformToByteArray()).equals(bytes));

  const stopped = new Upload({ client: s3, params: { Bucket, Key: "parts/b", Body: bytes }, partSize: 5 * 1024 * 1024 });
  stopped.on("httpUploadProgress", () => void stopped.abort());
  assert.equal((await failure(stopped.done()))[0], "AbortError");
  assert.deepEqual(await keys("parts/"), ["parts/a"]);
});

test("javascript_writes_under_conditions", async () => {
  const first = await put("condition", "1", { IfNoneMatch: "*" });
  assert.deepEqual(await failure(put("condition", "2", { IfNoneMatch: "*" })), ["PreconditionFailed", 412]);
  const second = await put("condition", "3", { IfMatch: first.ETag });
  assert.deepEqual(await failure(put("condition", "4", { IfMatch: first.ETag })), ["PreconditionFailed", 412]);
  assert.equal((await read("condition")).text, "3");
  const unchanged = read("condition", { IfNoneMatch: second.ETag });
  assert.equal((await failure(unchanged))[1], 304);
});

test("javascript_copies_and_deletes_many", async () => {
  for (const name of ["a", "b", "c d"]) await put(`many/${name}`, name);
  await s3.send(new CopyObjectCommand({ Bucket, Key: "many/e", CopySource: `${Bucket}/many/c%20d` }));
  assert.equal((await read("many/e")).text, "c d");
  const Objects = ["many/a", "many/c d", "many/none"].map((Key) => ({ Key }));
  const done = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  assert.deepEqual(done.Deleted.map(({ Key }) => Key).sort(), ["many/a", "many/c d", "many/none"]);
  assert.equal(done.Errors, undefined);
  assert.deepEqual(await keys("many/"), ["many/b", "many/e"]);
});

test("javascript_lists_pages", async () => {
  for (let index = 0; index < 5; index += 1) await put(`list/${index}`, "x");
  const found = [];
  for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket, Prefix: "list/" })) {
    found.push((page.Contents ?? []).map(({ Key }) => Key.slice(5)));
  }
  assert.deepEqual(found, [["0", "1"], ["2", "3"], ["4"]]);
});
