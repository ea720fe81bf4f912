// An application that named its scopes.
import type { NewClient, Permission, Requirement } from "claviger";

declare module "claviger" {
  interface Scopes {
    "things:read": unknown;
    "things:write": unknown;
  }
}

export const client: NewClient = { name: "App", redirectUris: [], scopes: ["openid", "things:read"] };
export const requirement: Requirement = { scopes: ["things:read"], anyScopes: ["things:write", "email"] };
export const may = (who: Permission) => who.hasScope("things:read") || who.hasAnyScope("things:write");

// @ts-expect-error nobody has this scope
export const mistypedClient: NewClient = { name: "App", redirectUris: [], scopes: ["thing:read"] };
// @ts-expect-error nobody has this scope
export const mistypedRequirement: Requirement = { scopes: ["things:raed"] };
// @ts-expect-error nobody has this scope
export const mistypedQuestion = (who: Permission) => who.hasScope("thing:read");
