// Replays a recorded scenario on any JavaScript runtime: hands in each recorded input, compares the output byte for byte.
// Written from docs/contract.md section 1 alone, so that it shows that a host can be.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Replays every transcript of a recording on a compiled engine. `open` means a new instance; `derive` needs none that is open.
 * Gives SHA-256 over all outputs, each followed by a line feed, and where they first left the recording.
 */
export async function replay(module, { scenario, transcripts }) {
  const outputs = [];
  let difference = null;
  for (const { fault, exchanges } of transcripts) {
    let call;
    for (const [number, [name, input, recorded]] of exchanges.entries()) {
      if (name === "open") call = instantiate(module);
      const output = attempt(() => (name === "derive" ? instantiate(module) : call)(name, input));
      outputs.push(`${output}\n`);
      if (output !== recorded && difference === null) {
        difference = `fault ${fault}, exchange ${number}, ${name}\n  input:    ${input}\n  recorded: ${recorded}\n  output:   ${output}`;
      }
    }
  }
  const hash = await crypto.subtle.digest("SHA-256", encoder.encode(outputs.join("")));
  return { scenario, hash: hexadecimal(new Uint8Array(hash)), difference };
}

function instantiate(module) {
  const { exports } = new WebAssembly.Instance(module, {
    "./engine_bg.js": { __wbindgen_init_externref_table() {} },
  });
  exports.__wbindgen_start();
  return (name, input) => {
    const bytes = encoder.encode(input);
    const argument = exports.__wbindgen_malloc(bytes.length, 1) >>> 0;
    new Uint8Array(exports.memory.buffer, argument, bytes.length).set(bytes);
    const [pointer, length] = exports[name](argument, bytes.length);
    const output = decoder.decode(new Uint8Array(exports.memory.buffer, pointer >>> 0, length >>> 0));
    exports.__wbindgen_free(pointer, length, 1);
    return output;
  };
}

function attempt(exchange) {
  try {
    return exchange();
  } catch (error) {
    return String(error);
  }
}

function hexadecimal(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
