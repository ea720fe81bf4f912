import { Fault } from "../errors.js";

/** How a token is presented: alone (RFC 6750), or with a proof of the key that it is bound to (RFC 9449). */
export type Scheme = "Bearer" | "DPoP";

/** What a token endpoint gave. */
export interface Tokens {
  readonly scheme: Scheme;
  readonly accessToken: string;
  /** A secret of the client and the server, which no page ever needs. */
  readonly refreshToken: string | undefined;
  /** When the access token is to be refreshed or, without a refresh token, is over, in milliseconds since 1970. */
  readonly refreshAt: number | undefined;
  readonly scope: string | undefined;
}

/** An access token is refreshed this long before it ends, in milliseconds, or when a tenth of its life is left if that is less. */
const early = 30_000;

/** Reads an answer (RFC 6749 section 5.1): what it does not say stays as it was. */
export function tokensOf(
  answer: Record<string, unknown>,
  now: number,
  schemes: readonly Scheme[],
  before: { refreshToken?: string | undefined; scope: string | undefined },
): Tokens {
  const { access_token, token_type, refresh_token, expires_in, scope } = answer;
  const type = typeof token_type === "string" ? token_type.toLowerCase() : undefined;
  const scheme = schemes.find((one) => one.toLowerCase() === type);
  // RFC 6749 section 7.1: a token of a type that is not understood must not be used.
  if (typeof access_token !== "string" || scheme === undefined) throw unusable(schemes);
  const refreshToken = typeof refresh_token === "string" ? refresh_token : before.refreshToken;
  const life = typeof expires_in === "number" ? expires_in * 1000 : undefined;
  const spare = refreshToken === undefined || life === undefined ? 0 : Math.min(early, life / 10);
  return {
    scheme,
    accessToken: access_token,
    refreshToken,
    refreshAt: life === undefined ? undefined : now + life - spare,
    scope: typeof scope === "string" ? scope : before.scope,
  };
}

function unusable(schemes: readonly Scheme[]): Fault {
  const message = `The token response has no token of the type ${schemes.join(" or ")}`;
  const help = "The server must answer as RFC 6749 section 5.1 says, and RFC 9449 section 5 where a proof was sent.";
  return new Fault({ code: "server_failed", status: 503, message, help });
}
