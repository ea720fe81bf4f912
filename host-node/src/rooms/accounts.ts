import type { Call } from "../commands.js";
import { List } from "../list.js";
import type {
  Account,
  AccountChanges,
  NewAccount,
  NewPassword,
  Paging,
  PasswordChange,
  PasswordGuess,
} from "../shapes.js";

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

  /**
   * Sets a password, or the hash that another system made of it, without asking for the old one. Signs the person out everywhere, unless
   * `endSessions` is `false`.
   */
  setPassword(id: string, password: string | NewPassword, options: { endSessions?: boolean } = {}): Promise<Account> {
    const given = typeof password === "string" ? { password } : password;
    return this.#call("accounts.setPassword", { id, ...given, ...options });
  }

  /**
   * Changes a password for whoever knows the current one. Signs the person out everywhere but in `keepSession`, unless `endSessions` is
   * `false`. Counts as an attempt to sign in: rejects with `wrong_credentials` or `too_many_requests`.
   */
  changePassword(id: string, change: PasswordChange): Promise<Account> {
    return this.#call("accounts.changePassword", { id, ...change });
  }

  /** Whether this is the person's password; signs nobody in. Counts as an attempt to sign in: may reject with `too_many_requests`. */
  async verifyPassword(guess: PasswordGuess): Promise<boolean> {
    return (await this.#call("accounts.verifyPassword", guess)).valid;
  }
}
