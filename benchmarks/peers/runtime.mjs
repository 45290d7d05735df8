// A client of Lambda's Runtime API. AWS's own has parts in C++ that have to be compiled; this one does less.

import http from "node:http";

const { handler } = await import(process.argv[2]);
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: `/2018-06-01/runtime/invocation/${path}`, agent }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve([answer.headers, Buffer.concat(parts).toString()]));
    });
    request.on("error", reject);
    request.end(body);
  });
}

for (;;) {
  const [headers, event] = await call("GET", "next");
  const id = headers["lambda-runtime-aws-request-id"];
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => 30_000 };
  await call("POST", `${id}/response`, JSON.stringify(await handler(JSON.parse(event), context)));
}
