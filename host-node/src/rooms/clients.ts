import type { Call } from "../commands.js";
import { List } from "../list.js";
import type { Lifetime } from "../options.js";
import type { Client, ClientChanges, ClientWithSecret, NewClient, Paging } from "../shapes.js";

type SecretOf<New extends NewClient> = New["authMethod"] extends "none" | "private_key_jwt" ? null : string;

/** The applications that may ask for tokens. */
export class Clients {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** The secret is shown this once; it is `null` for a public client, and for one with a key. */
  create<const New extends NewClient>(client: New): Promise<ClientWithSecret<SecretOf<New>>> {
    return this.#call("clients.create", client) as Promise<ClientWithSecret<SecretOf<New>>>;
  }

  find(id: string): Promise<Client | null> {
    return this.#call("clients.find", { id });
  }

  list(paging: Paging = {}): List<Client> {
    return new List((page) => this.#call("clients.list", page), paging);
  }

  update(id: string, changes: ClientChanges): Promise<Client> {
    return this.#call("clients.update", { id, ...changes });
  }

  /** It can authenticate no more, and its tokens are refused, until it is enabled again. */
  disable(id: string): Promise<Client> {
    return this.update(id, { disabled: true });
  }

  enable(id: string): Promise<Client> {
    return this.update(id, { disabled: false });
  }

  /** Whether there was one. */
  async delete(id: string): Promise<boolean> {
    return (await this.#call("clients.delete", { id })).deleted;
  }

  /** A new secret, shown this once. The old one works on for `overlap`: not at all when absent. */
  rotateSecret(id: string, options: { overlap?: Lifetime } = {}): Promise<ClientWithSecret> {
    return this.#call("clients.rotateSecret", { id, ...options });
  }
}
