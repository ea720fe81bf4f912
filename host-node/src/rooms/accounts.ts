import type { Call } from "../commands.js";
import { List } from "../list.js";
import type { Account, AccountChanges, NewAccount, Paging } from "../shapes.js";

/** The people who can sign in, when the engine keeps them. */
export class Accounts {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  create(account: NewAccount): Promise<Account> {
    return this.#call("accounts.create", account);
  }

  /** By id, or by login: `find({ login: "ada" })`. */
  find(id: string | { login: string }): Promise<Account | null> {
    return this.#call("accounts.find", typeof id === "string" ? { id } : id);
  }

  list(paging: Paging = {}): List<Account> {
    return new List((page) => this.#call("accounts.list", page), paging);
  }

  update(id: string, changes: AccountChanges): Promise<Account> {
    return this.#call("accounts.update", { id, ...changes });
  }

  disable(id: string): Promise<Account> {
    return this.update(id, { disabled: true });
  }

  enable(id: string): Promise<Account> {
    return this.update(id, { disabled: false });
  }

  setPassword(id: string, password: string): Promise<Account> {
    return this.#call("accounts.setPassword", { id, password });
  }
}
