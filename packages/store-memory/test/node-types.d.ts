/// <reference types="node" />
// Tests run in Node, which the sources do not know of.
