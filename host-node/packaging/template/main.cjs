const { Claviger } = require("claviger");

if (typeof Claviger !== "function") throw new Error("require gives no Claviger");
require("./program.js")
  .program()
  .then((text) => console.log(text));
