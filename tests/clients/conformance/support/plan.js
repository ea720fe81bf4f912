// A plan of the OpenID Foundation's conformance suite, as far as its modules are tests here: on both hosts, each module under its
// official name, over HTTP. Every request has PKCE, which this server asks for and most modules of the suite leave out.
import assert from "node:assert/strict";
import { after, before, suite } from "node:test";
import * as oauth from "oauth4webapi";
import { Host, names } from "../../support/host.js";
import { Person } from "./person.js";
import { insecure, RelyingParty, redirectUri } from "./relying-party.js";

/** A server that anybody may register at. */
export const provider = {
  openid: { pairwiseSalt: "known to nobody but to these tests" },
  registration: { mode: "open", perHour: 100_000 },
};

/** What there is to know about the person: something for every standard scope. */
export const known = {
  name: "Ada Lovelace",
  given_name: "Ada",
  family_name: "Lovelace",
  middle_name: "King",
  nickname: "Ada",
  profile: "https://people.example/ada",
  picture: "https://people.example/ada.png",
  website: "https://ada.example",
  gender: "female",
  birthdate: "1815-12-10",
  zoneinfo: "Europe/London",
  locale: "en-GB",
  updated_at: 1_700_000_000,
  email: "ada@people.example",
  email_verified: true,
  address: { formatted: "12 St James's Square, London", country: "GB" },
  phone_number: "+44 20 7946 0000",
  phone_number_verified: false,
};

/** Runs the modules on both hosts side by side, each with a stage of its own. */
export function plan(title, configuration, modules) {
  suite(title, { concurrency: true }, () => {
    for (const name of names) {
      suite(`on ${name}`, { concurrency: false }, () => {
        const stage = new Stage();
        before(() => stage.open(name, configuration));
        after(() => stage.close());
        modules(stage);
      });
    }
  });
}

/** A server, a client that most modules use, and people who come to it. */
export class Stage {
  async open(name, configuration) {
    this.host = await Host.start(name, { configuration: { ...provider, ...configuration } });
    await this.host.tellOfPerson(known);
    this.server = await this.discover();
    this.rp = await this.register();
  }

  async discover() {
    const issuer = new URL(this.host.issuer);
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  }

  /** The same person, at a browser of its own that nobody has signed in with. */
  person() {
    return new Person(this.host.person);
  }

  postRegistration(metadata) {
    const usual = {
      client_name: "Conformance",
      redirect_uris: [redirectUri],
      response_types: ["code"],
      grant_types: ["authorization_code", "refresh_token"],
      contacts: ["certification@rp.example"],
    };
    return oauth.dynamicClientRegistrationRequest(this.server, { ...usual, ...metadata }, insecure);
  }

  /** A client of its own for a module that needs one. */
  async register(metadata, key) {
    const response = await this.postRegistration(metadata);
    const client = await oauth.processDynamicClientRegistrationResponse(response);
    for (const [name, value] of Object.entries(metadata ?? {})) assert.deepEqual(client[name], value, name);
    return new RelyingParty(this.server, client, key);
  }

  close() {
    return this.host?.stop();
  }
}

/** Waits this long, in seconds. */
export function seconds(count) {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

/** A JWT that nobody signed. */
export function unsigned(payload) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(payload)}.`;
}
