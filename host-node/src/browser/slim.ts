// Everything but the module's code: for those who bring `browser.wasm` themselves, with `provide`.
export { ClavigerError, ConfigurationError, Fault, Refused } from "../errors.js";
export { type CallbackOptions, handleCallback, type OpenOptions, openSession } from "./callback.js";
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
export { type ExpectedIdToken, type IdClaims, verifyIdToken } from "./id-token.js";
export { type Claims, type Expected, type JsonWebKeySet, verifyJwt } from "./jwt.js";
export { type ExpectedLogout, type LogoutClaims, verifyLogoutToken } from "./logout-token.js";
export { provide } from "./module.js";
export { createPkce, type Pkce } from "./pkce.js";
export { type RegistrationOptions, registerClient } from "./register.js";
export { discoverResource, type ProtectedResource } from "./resource.js";
export { type Sealing, seal, type Unsealing, unseal } from "./sealed.js";
export { InsufficientScope, restoreSession, type Session } from "./session.js";
export { type SignInOptions, signIn } from "./sign-in.js";
export type { Keeper } from "./storage.js";
export { createJwtVerifier } from "./verifier.js";
