// The rules for the JavaScript of the page. TypeScript checks names and types.
export default [
  {
    files: ["**/*.js"],
    rules: {
      "eqeqeq": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-shadow": "error",
      "no-unused-vars": "error",
      "no-else-return": "error",
      "no-restricted-properties": ["error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({ property, message: "A text of a customer is never markup: use dom.js." }))],
      "no-restricted-syntax": ["error",
        { selector: "MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML|write|writeln)$/]", message: "A text of a customer is never markup: use dom.js." }],
    },
  },
];
