// Everything but the module's code: for those who bring `browser.wasm` themselves, with `provide`.
export { ClavigerError, ConfigurationError, Fault, Refused } from "../errors.js";
export { handleCallback } from "./callback.js";
export {
  createDpopKey,
  createPortableDpopKey,
  type DpopAlgorithm,
  type DpopKey,
  importDpopKey,
  openDpopKey,
  type PortableDpopKey,
  type ProofRequest,
  type StoredDpopKey,
} from "./dpop.js";
export { type Claims, type Expected, type JsonWebKeySet, verifyJwt } from "./jwt.js";
export { provide } from "./module.js";
export { createPkce, type Pkce } from "./pkce.js";
export { type Sealing, seal, type Unsealing, unseal } from "./sealed.js";
export { restoreSession, type Session } from "./session.js";
export { type SignInOptions, signIn } from "./sign-in.js";
export type { Keeper } from "./storage.js";
