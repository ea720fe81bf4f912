// A derivation on a thread; the process must end by itself afterwards.
import { workerThreads } from "claviger/node";

const derive = workerThreads({ threads: 1 });
const bytes = (text) => new TextEncoder().encode(text);
const request = { algorithm: "argon2id", memory: 65_536, passes: 2, lanes: 1, length: 32 };
derive({ ...request, secret: bytes("password"), salt: bytes("somesalt") }).then((hash) => {
  console.log([...hash].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
});
