import { program } from "./program.js";

program().then(
  (text) => {
    globalThis.result = text;
  },
  (error) => {
    globalThis.result = `failed: ${error.stack}`;
  },
);
