import { fromByteString, toByteString } from "./bytes.js";
import type { Answer, FetchAsk } from "./contract.js";
import { readStream } from "./http.js";
import type { Fetch } from "./options.js";

/** Carries out a `fetch` ask (docs/contract.md section 4) within its limits. Redirects may be followed; none is. */
export async function fetched(fetch: Fetch, ask: FetchAsk, signal: AbortSignal): Promise<Answer> {
  const { method, url, headers, body, limits } = ask;
  const response = await fetch({
    url,
    method,
    headers: headers.map(([name, value]) => [name, value]),
    body: body === null ? null : fromByteString(body),
    redirect: "manual",
    signal,
    publicOnly: limits.publicOnly,
  });
  if (response.redirected) throw new Error("The host followed a redirect, which is not allowed");
  const bytes = await readStream(response, limits.bytes);
  if (bytes === "too large") throw new Error(`The response is over ${limits.bytes} bytes`);
  return {
    response: { status: response.status, headers: [...response.headers], body: bytes ? toByteString(bytes) : "" },
  };
}
