// The engine that is inside the package, decoded when it is first needed.
import { fromBase64 } from "./bytes.js";
import base64 from "./engine-inline.js";

/** An engine source; the same function everywhere, so that the code is compiled once. */
export const inlined = () => fromBase64(base64);
