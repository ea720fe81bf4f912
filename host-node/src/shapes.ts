// What the typed commands take and give: docs/contract.md section 5. Times are milliseconds since 1970 (UTC).

export type * from "./shapes/accounts.js";
export type * from "./shapes/clients.js";
export type * from "./shapes/interactions.js";
export type * from "./shapes/keys.js";
export type * from "./shapes/lists.js";
export type * from "./shapes/pats.js";
export type * from "./shapes/principals.js";
export type * from "./shapes/sessions.js";
export type * from "./shapes/sign-in.js";
