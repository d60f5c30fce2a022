/// <reference types="node" />
// Tests run in Node; the sources are checked without it by tsconfig.src.json.
