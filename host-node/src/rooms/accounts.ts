import type { Call } from "../commands.js";
import { List } from "../list.js";
import type {
  Account,
  AccountChanges,
  EmailVerified,
  MailSent,
  NewAccount,
  NewPassword,
  Paging,
  PasswordChange,
  PasswordGuess,
  PasswordReset,
  Registration,
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

  /**
   * Somebody makes an account for themselves (`signIn.signUp`): a link to their address verifies it. Where there is such an account, its
   * owner is told by mail, and whoever asks is not.
   */
  register(registration: Registration): Promise<MailSent<"sent" | "throttled">> {
    return this.#call("accounts.register", registration);
  }

  /** Sends a link to the address of the account, which verifies it. */
  sendVerification(id: string): Promise<MailSent> {
    return this.#call("accounts.sendVerification", { id });
  }

  /** Sends a link to a new address, which takes the place of the old one when it is opened. */
  requestEmailChange(id: string, email: string): Promise<MailSent> {
    return this.#call("accounts.requestEmailChange", { id, email });
  }

  /** Verifies the address that the link with this token was sent to. Only for a POST: programs that look for viruses open links too. */
  verifyEmail(token: string): Promise<EmailVerified> {
    return this.#call("accounts.verifyEmail", { token });
  }

  /**
   * Sends a link to choose a new password, if there is such an account; whether there is shows in nothing. `remote`: the peer's address, which
   * may ask sixty times in an hour; without it mails are counted for the person alone.
   */
  requestReset(login: string, options: { remote?: string } = {}): Promise<MailSent<"sent" | "throttled">> {
    return this.#call("accounts.requestReset", { login, ...options });
  }

  /** Sets the password of whom the link with this token was sent to, and ends all their sessions. Nobody is signed in by it. */
  reset(token: string, password: string): Promise<PasswordReset> {
    return this.#call("accounts.reset", { token, password });
  }
}
