// What people are asked, and what they allowed.

import type { AskingClient } from "./clients.js";

/** What one person allowed one client. */
export interface Grant {
  readonly id: string;
  readonly subject: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Resources (RFC 8707); none: this server itself. */
  readonly resources: readonly string[];
  /** What your application keeps with it. */
  readonly context?: unknown;
  readonly state: "code" | "live" | "revoked";
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** What a page of your own must ask the person. */
export interface Interaction {
  /** `nothing`: the person allowed all of it before; `consent` then only sends the browser on. */
  readonly prompt: "sign_in" | "consent" | "nothing";
  /**
   * Say so when its `origin` is not `operator`: nobody has checked it. `null` when a person signs in to enter the code of a device:
   * what asks is told after that.
   */
  readonly client: AskingClient | null;
  /** Where the browser goes in the end; show it, because anyone can choose a client's name. */
  readonly redirectHost: string | null;
  readonly scopes: readonly { readonly name: string; readonly description: string }[];
  readonly subject: string | null;
  readonly loginHint: string | null;
}

/** What a page where a device's code was entered must do: send the browser to sign in, or ask the person. */
export type DeviceRequest = DeviceSignIn | DeviceConfirmation;

export interface DeviceSignIn {
  readonly prompt: "sign_in";
  readonly location: string;
}

/** Show all of it, above all the code: it must be the one that the device shows. */
export interface DeviceConfirmation {
  readonly prompt: "confirm";
  readonly userCode: string;
  readonly client: AskingClient;
  readonly scopes: readonly { readonly name: string; readonly description: string }[];
  readonly subject: string;
  /** The address that the device asked from. */
  readonly askedFrom: string | null;
  readonly askedAt: number;
  readonly expiresAt: number;
}

/** What the person allows a device. */
export interface DeviceDecision {
  /** Of what was asked for; all when absent. */
  scopes?: readonly string[];
  /** Any JSON to keep with the grant, of at most 4 kB. */
  context?: unknown;
}

/** What became of a device's code. */
export interface Decided {
  readonly approved: boolean;
}

/** What the person at your own consent page allows. */
export interface Allowed {
  /** All that were asked when absent. */
  scopes?: readonly string[];
  /** Whom the page asked: somebody else may have signed in since. Whoever is signed in when absent. */
  subject?: string;
  /** Any JSON to keep with the grant, of at most 4 kB. */
  context?: unknown;
}
