/** @type {import("prettier").Config} */
export default { printWidth: 110, semi: false, singleQuote: true, trailingComma: 'all' }
