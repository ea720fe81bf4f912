// schema.mjs <folder>: holds everything that went in and out of the engine in these recordings to docs/contract.schema.json.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { recordings } from "./files.mjs";

const packaging = createRequire(new URL("../../packaging/package.json", import.meta.url));
const { Ajv2020 } = packaging("ajv/dist/2020.js");

const schema = JSON.parse(readFileSync(new URL("../../../docs/contract.schema.json", import.meta.url), "utf8"));
const ajv = new Ajv2020({ allErrors: false, strict: true, strictRequired: false, allowUnionTypes: true });
ajv.addSchema(schema);

/** What each export takes and gives, by the name of its definition. */
const shapes = {
  open: ["config", "opened"],
  begin: ["call", "step"],
  resume: ["resume", "step"],
  cancel: ["cancel", "cancelled"],
};

/** Checks one recording; gives how many texts were checked, and what is wrong. */
export function check({ scenario, transcripts }) {
  const mistakes = [];
  let checked = 0;
  for (const { fault, exchanges } of transcripts) {
    const commands = new Map();
    for (const [number, [name, input, output]] of exchanges.entries()) {
      const problems = checkExchange(name, input, output, commands);
      checked += 2;
      mistakes.push(
        ...problems.map((problem) => `${scenario}, fault ${fault}, exchange ${number}, ${name}: ${problem}`),
      );
    }
  }
  return { checked, mistakes };
}

/** `commands` holds the name of the command of each flow that waits. */
function checkExchange(name, input, output, commands) {
  const read = parse(input);
  const answered = parse(output);
  if (name === "derive") return checkDerive(read, answered);
  const [taken, given] = shapes[name];
  const wrongInput = mistake(taken, read);
  const command = name === "begin" ? Object.keys(read?.command ?? {})[0] : commands.get(read?.flow);
  if (answered?.ask) commands.set(answered.flow, command);
  return [
    prefixed("output", mistake(given, answered)),
    prefixed("input", judge(name, wrongInput, answered?.done)),
    prefixed("result", checkResult(command, answered?.done)),
  ].filter(Boolean);
}

/** `derive` takes the inside of an ask and gives an answer; what the schema refuses has failed. */
function checkDerive(read, answered) {
  const wrong = mistake("ask", { derive: read });
  return [
    prefixed("output", mistake("answer", answered)),
    wrong && answered && "derived" in answered ? `input: the engine derived what the schema refuses: ${wrong}` : null,
  ].filter(Boolean);
}

/** The engine and the schema must agree on which inputs can be read. A cancel is never refused. */
function judge(name, wrongInput, done) {
  const { code, message } = done?.fault ?? {};
  // Arguments that are not those of section 5 are the caller's mistake; the help tells it from those that are out of bounds.
  const mistyped =
    done?.refused?.code === "invalid_argument" &&
    /^Correct the argument that the message names/.test(done.refused.help);
  const unread = mistyped || code === "bad_call" || /the answer cannot be read/.test(message ?? "");
  if (name === "begin" && Boolean(wrongInput) !== unread) {
    return wrongInput
      ? `the engine read what the schema refuses: ${wrongInput}`
      : `the engine could not read it: ${message}`;
  }
  if (name === "resume" && unread && !wrongInput) return `the engine could not read it: ${message}`;
  if (name === "resume" && wrongInput && !done?.fault) return `the engine took what the schema refuses: ${wrongInput}`;
  return name === "open" ? wrongInput : null;
}

/** A result is of its command's shape. */
function checkResult(command, done) {
  if (!done || !("ok" in done)) return null;
  return command ? mistake("result", { [command]: done.ok }) : "there is a result of no command";
}

function mistake(definition, value) {
  const validate = ajv.getSchema(`${schema.$id}#/$defs/${definition}`);
  return validate(value) ? null : ajv.errorsText(validate.errors, { dataVar: definition });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function prefixed(what, problem) {
  return problem && `${what}: ${problem}`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const results = recordings(process.argv[2]).map((text) => check(JSON.parse(text)));
  const mistakes = results.flatMap((result) => result.mistakes);
  for (const line of mistakes.slice(0, 20)) console.error(line);
  console.log(`${results.reduce((sum, { checked }) => sum + checked, 0)} texts checked, ${mistakes.length} mistakes`);
  process.exitCode = mistakes.length > 0 || results.length === 0 ? 1 : 0;
}
