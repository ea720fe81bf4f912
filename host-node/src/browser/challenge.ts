/** The schemes under which tokens are presented: RFC 6750 section 3 and RFC 9449 section 7.1. */
const schemes = ["bearer", "dpop"];

/** A scheme, with its token68 if it has one, or a parameter (RFC 9110 section 11.2). */
const part =
  /[\s,]*([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~\w-]+))|(?: +[\w.~+/-]+=*(?=\s*(?:,|$)))?)/gy;

/** What a refusal says under a name to those who come with tokens (`WWW-Authenticate`, RFC 9110 section 11.6.1). */
export function challenged(response: Response, name: string): string | undefined {
  let scheme = "";
  for (const [, word, quoted, plain] of (response.headers.get("www-authenticate") ?? "").matchAll(part)) {
    const value = plain ?? quoted?.replace(/\\(.)/g, "$1");
    if (value === undefined) scheme = word!.toLowerCase();
    else if (schemes.includes(scheme) && word!.toLowerCase() === name) return value;
  }
  return undefined;
}
