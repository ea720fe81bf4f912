// The face of wasm/browser, which wasm-bindgen writes and scripts/build.mjs puts here. Arguments are plain values that JSON can hold.

/** Makes the module ready, once; later calls do nothing. */
export function initSync(module: { module: WebAssembly.Module }): unknown;

/** The verifier and the challenge. */
export function createPkce(): [verifier: string, challenge: string];

export class KeyPair {
  static generate(algorithm: string): KeyPair;
  static read(jwk: object): KeyPair;
  privateJwk(): JsonWebKey;
  proof(request: object): string;
}
export function unsignedProof(jwk: object, request: object): string;
export function thumbprint(jwk: object): string;

/** How many seconds the keys of an answer with these headers serve, `cache-control` and `age`; one that is not there is empty. */
export function keysServe(cacheControl: string, age: string): number;

export class Jwks {
  constructor(set: object);
  suit(token: string): boolean;
  elsewhere(token: string): number | undefined;
  jwk(place: number): string | undefined;
  verifyElsewhere(token: string, good: boolean, expected: object): Record<string, unknown>;
  verify(token: string, expected: object): Record<string, unknown>;
}

export function seal(value: unknown, sealing: object): string;
export function unseal(text: string, sealing: object): unknown;
