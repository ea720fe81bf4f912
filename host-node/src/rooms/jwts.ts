import type { Call, Takes } from "../commands.js";
import type { JwtPolicy, NewJwt, SignedJwt, VerifiedJwt } from "../shapes.js";

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

  constructor(call: Call) {
    this.#call = call;
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
