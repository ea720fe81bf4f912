import { endOf, VerifiedTokens } from "../verified-tokens.js";
import { type Claims, type Expected, verifyJwt } from "./jwt.js";

/**
 * `verifyJwt` for many tokens: one that was verified in the last minute, and is not over, is not verified again. Make it once, outside of
 * the requests: its policy is that of the moment at which it is made. Without `typ` it takes access tokens alone (`at+jwt`, RFC 9068). The claims it gives are frozen, since all who present the same token share them.
 *
 * ```ts
 * const verify = createJwtVerifier({ jwks: "https://auth.example.com/jwks", issuer: "https://auth.example.com", audience: "https://api.example.com" });
 * const claims = await verify(token);
 * ```
 */
export function createJwtVerifier<T extends object = Claims>(
  expected: Expected,
): (token: string) => Promise<Readonly<T>> {
  // What is mailed to somebody as an invitation is no access token of theirs.
  const policy = {
    ...expected,
    typ: expected.typ ?? "at+jwt",
    audience: [expected.audience].flat(),
    ...copied(expected),
  };
  const { clock = Date.now, leeway = 0, maxAge } = policy;
  const known = new VerifiedTokens<T>();
  return async (token) => {
    const found = known.find(token, clock());
    if (found !== undefined) return found;
    // The time before, so that what takes long makes nothing live longer.
    const now = clock();
    const claims = await verifyJwt<T>(token, policy);
    known.keep(token, claims, now, endOf(claims, leeway, maxAge));
    return claims;
  };
}

function copied({ required, algorithms }: Expected) {
  return { ...(required && { required: [...required] }), ...(algorithms && { algorithms: [...algorithms] }) };
}
