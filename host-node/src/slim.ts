// Everything but the engine's code: for those who bring `engine.wasm` themselves.
export type { Caller } from "./caller.js";
export { Claviger } from "./claviger.js";
export {
  ClavigerError,
  ConfigurationError,
  type ErrorCode,
  Fault,
  type FaultCode,
  type RefusalCode,
  Refused,
} from "./errors.js";
export type { ClavigerEvent, EventName, Events, Listener } from "./events.js";
export type { Requested } from "./guard.js";
export { List } from "./list.js";
export { OAuthSessionError, type OAuthSessionErrorCode } from "./oauth-session-error.js";
export {
  createOAuthSessions,
  type OAuthClientOf,
  type OAuthSessionData,
  type OAuthSessionOptions,
  type OAuthSessionStorage,
  type OAuthSessions,
} from "./oauth-sessions.js";
export type {
  Configuration,
  Derive,
  DeriveCosts,
  EngineCode,
  EngineSource,
  Fetch,
  HashCosts,
  HashParameters,
  Host,
  Lifetime,
  NewHashes,
  Options,
  RequestInfo,
  Resource,
  SendMail,
  Sign,
  SlimOptions,
  SubjectFound,
  SubjectSource,
  Verify,
} from "./options.js";
export { type InteractionOf, Redirect } from "./rooms/interactions.js";
export type { Journeys } from "./rooms/journeys.js";
export type { SealPasswords, Seals } from "./rooms/seals.js";
export type { Session as OpenSession } from "./rooms/session.js";
export { tokenCookie } from "./rooms/sessions.js";
export type { Visit } from "./rooms/sign-in.js";
export {
  createSealedSessions,
  type SealedSession,
  type SealedSessionOptions,
  type SealedSessions,
} from "./sealed-sessions.js";
export type * from "./shapes.js";
export type { Awaitable, Commit, Committed, KeyedRow, Page, Row, Store } from "./store.js";
