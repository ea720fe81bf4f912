import { tools } from "./tools.js";

tools().then((text) => console.log(text));
