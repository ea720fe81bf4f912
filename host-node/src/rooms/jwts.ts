import type { Call, Takes } from "../commands.js";
import type { Lifetime } from "../options.js";
import type { JwtPolicy, NewJwt, SignedJwt, VerifiedJwt } from "../shapes.js";
import { endOf, VerifiedTokens } from "../verified-tokens.js";

/** What the room needs beside commands. */
export interface Surroundings {
  clock(): number;
  /** Calls back when a key was withdrawn. */
  onWithdrawal(act: () => void): void;
}

/**
 * Your application's own JWTs: signed with the keys of this issuer, verified under a policy, taken back by their `jti`.
 *
 * ```ts
 * const { token } = await auth.jwts.sign({ sub: user.id, role: "admin" }, { expiresIn: "15m", audience: "https://api.example.com" });
 * const { claims } = await auth.jwts.verify(token, { audience: "https://api.example.com" });
 * ```
 */
export class Jwts {
  readonly #call: Call;
  readonly #around: Surroundings;
  #withdrawals: number | undefined;

  constructor(call: Call, around: Surroundings) {
    this.#call = call;
    this.#around = around;
  }

  /**
   * Signs `claims`, beside which the engine says `iss`, `aud`, `iat`, `exp` and `jti`. It lives for `lifetimes.jwt` (`lifetimes.accessToken`
   * when absent) at most. Without a trip to the store, while the keys are remembered.
   */
  sign(claims: Readonly<Record<string, unknown>>, options: NewJwt = {}): Promise<SignedJwt> {
    const { audience, ...rest } = options;
    return this.#call("jwts.sign", { claims, ...rest, ...(audience !== undefined && { audience: [audience].flat() }) });
  }

  /**
   * What a token says, if it is as `policy` wants it; what the policy does not say is as `sign` makes it. Rejects with `Refused`,
   * `invalid_token`, whose message is the same whatever is wrong; its `reason` is for your program and log.
   */
  verify<Claims extends object = Record<string, unknown>>(
    token: string,
    policy: JwtPolicy = {},
  ): Promise<VerifiedJwt<Claims>> {
    return this.#call("jwts.verify", { token, ...asked(policy) }) as Promise<VerifiedJwt<Claims>>;
  }

  /**
   * `verify` for many tokens under one policy: one that was verified in the last minute, and is not over, is not verified again, unless a key
   * was withdrawn here. Nothing is kept with `revocation: "check"`. Make it once, outside of the requests; what it gives is frozen, since
   * all who present the same token share it.
   */
  verifier<Claims extends object = Record<string, unknown>>(
    policy: JwtPolicy = {},
  ): (token: string) => Promise<VerifiedJwt<Claims>> {
    const ask = structuredClone(asked(policy));
    const verify = (token: string) => this.#call("jwts.verify", { token, ...ask }) as Promise<VerifiedJwt<Claims>>;
    if (ask.revocation === "check") return verify;
    const known = new VerifiedTokens<VerifiedJwt<Claims>>();
    const [leeway, maxAge] = [seconds(ask.leeway) ?? 0, seconds(ask.maxAge)];
    let seen = this.#withdrawn();
    return async (token) => {
      if (seen !== this.#withdrawn()) known.forget();
      seen = this.#withdrawn();
      const now = this.#around.clock();
      const found = known.find(token, now);
      if (found !== undefined) return found;
      const verified = await verify(token);
      // What was verified before a withdrawal may be of the key that was withdrawn.
      if (seen === this.#withdrawn()) known.keep(token, verified, now, endOf(verified.claims, leeway, maxAge));
      return verified;
    };
  }

  /** How many keys were withdrawn since it was first asked. */
  #withdrawn(): number {
    if (this.#withdrawals === undefined) {
      this.#withdrawals = 0;
      this.#around.onWithdrawal(() => {
        this.#withdrawals = (this.#withdrawals ?? 0) + 1;
      });
    }
    return this.#withdrawals;
  }

  /**
   * Takes a token back: whoever verifies it with `revocation: "check"` refuses it from now on, and `authenticate` the token of a session.
   * `false` when it is over already. The row is gone when no reader could take the token any more.
   */
  async deny(token: string | { jti: string; expiresAt: number }): Promise<boolean> {
    return (await this.#call("jwts.deny", typeof token === "string" ? { token } : token)).denied;
  }

  /** Takes a denial back. Whether there was one. */
  async allow(jti: string): Promise<boolean> {
    return (await this.#call("jwts.allow", { jti })).allowed;
  }

  async isDenied(jti: string): Promise<boolean> {
    return (await this.#call("jwts.isDenied", { jti })).denied;
  }
}

/** A policy in the engine's words. */
function asked({ audience, jwks, ...rest }: JwtPolicy): Omit<Takes<"jwts.verify">, "token"> {
  const keys = typeof jwks === "string" || jwks instanceof URL ? { jwksUri: String(jwks) } : jwks && { jwks };
  const audiences = audience === undefined ? {} : { audience: audience === null ? null : [audience].flat() };
  return { ...rest, ...audiences, ...keys };
}

const units = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** As the engine reads a lifetime; nothing for what it refuses. */
function seconds(lifetime: Lifetime | undefined): number | undefined {
  if (typeof lifetime !== "string") return lifetime;
  const [, count, unit = "s"] = /^(\d+)([smhd])?$/.exec(lifetime) ?? [];
  return count === undefined ? undefined : Number(count) * units[unit as keyof typeof units];
}
