// The TypeScript client: fetch, one file. The step sets these variables.
module.exports = {
  orders: {
    input: { target: process.env.OPENAPI },
    output: {
      target: `${process.env.GENERATED}/orders.ts`,
      client: "fetch",
      mode: "single",
      baseUrl: process.env.API_URL,
    },
  },
};
