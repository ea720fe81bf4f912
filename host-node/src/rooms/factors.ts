import type { Call } from "../commands.js";
import type { NewAuthenticator, SecondFactors, VerifiedCode } from "../shapes.js";

/** What people prove themselves with beside a password: authenticator apps (TOTP, RFC 6238) and recovery codes. */
export class Factors {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** One person's. */
  list(subject: string): Promise<SecondFactors> {
    return this.#call("factors.list", { subject });
  }

  /**
   * A key for an authenticator app, shown this once: `secret` for typing, `uri` for a QR code. It changes nothing until `confirmTotp`
   * is called, within 15 minutes. Many apps know `SHA1` and six digits alone, which are the default.
   */
  beginTotp(
    subject: string,
    options: { name?: string; algorithm?: "SHA1" | "SHA256" | "SHA512"; digits?: 6 | 8 } = {},
  ): Promise<NewAuthenticator> {
    return this.#call("factors.beginTotp", { subject, ...options });
  }

  /**
   * The first code of the app makes it a factor, and ends all sessions but `keepSession`. With a person's first one come recovery codes,
   * shown this once. Refused with `wrong_code`.
   */
  async confirmTotp(
    subject: string,
    id: string,
    code: string,
    options: { keepSession?: string } = {},
  ): Promise<string[] | null> {
    return (await this.#call("factors.confirmTotp", { subject, id, code, ...options })).recoveryCodes;
  }

  /** Ten new recovery codes, shown this once; those before are good no more. */
  async regenerateRecoveryCodes(subject: string): Promise<string[]> {
    return (await this.#call("factors.regenerateRecoveryCodes", { subject })).recoveryCodes;
  }

  /**
   * Whether a code by mail is a factor of theirs, for which their address must be verified. It ends all sessions but `keepSession`.
   */
  async setEmail(subject: string, enabled: boolean, options: { keepSession?: string } = {}): Promise<void> {
    await this.#call("factors.setEmail", { subject, enabled, ...options });
  }

  /** Whether there was such an authenticator. It ends all sessions but `keepSession`; with the last one the recovery codes go. */
  async remove(subject: string, id: string, options: { keepSession?: string } = {}): Promise<boolean> {
    return (await this.#call("factors.remove", { subject, id, ...options })).removed;
  }

  /**
   * Uses a code of an authenticator, or a recovery code: for what a person must prove again. Refused with `wrong_code`, which counts
   * like a wrong password, for the person and for the address in `remote`, and in the end with `too_many_requests`.
   */
  verify(subject: string, code: string, options: { remote?: string } = {}): Promise<VerifiedCode> {
    return this.#call("factors.verify", { subject, code, ...options });
  }
}
