import { program } from "./program.js";

program().then((text) => console.log(text));
