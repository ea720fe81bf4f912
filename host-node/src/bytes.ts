// Base64url and byte strings. `Uint8Array.fromBase64` and `toBase64` are used where the runtime has them.

interface FromBase64 {
  fromBase64?(text: string, options?: { alphabet: "base64url" }): Uint8Array<ArrayBuffer>;
}
interface ToBase64 {
  toBase64?(options: { alphabet: "base64url"; omitPadding: boolean }): string;
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Bytes as base64url without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  const native = (bytes as ToBase64).toBase64;
  if (native) return native.call(bytes, { alphabet: "base64url", omitPadding: true });
  // `btoa` and three replacements take four times as long for a seed.
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += letters.charAt(three >> 18) + letters.charAt((three >> 12) & 63);
    text += letters.charAt((three >> 6) & 63) + letters.charAt(three & 63);
  }
  return text.slice(0, Math.ceil((bytes.length * 4) / 3));
}

/** The bytes of a base64url text (RFC 4648 section 5). Throws on other characters. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as FromBase64).fromBase64;
  if (native) return native.call(Uint8Array, text, { alphabet: "base64url" });
  return fromByteString(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
}

/** The bytes of a base64 text (RFC 4648 section 4). */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as FromBase64).fromBase64;
  return native ? native.call(Uint8Array, text) : fromByteString(atob(text));
}

/** Each byte as one character, U+0000 to U+00FF: the contract's byte string. */
export function toByteString(bytes: Uint8Array): string {
  // In pieces, because the arguments of one call are bounded. TextDecoder's "latin1" is windows-1252 and would change bytes.
  const piece = 8192;
  let text = "";
  for (let start = 0; start < bytes.length; start += piece) {
    // Spreading goes through the iterator: `apply` is nine times faster.
    text += String.fromCharCode.apply(null, bytes.subarray(start, start + piece) as unknown as number[]);
  }
  return text;
}

/** The bytes of a byte string. */
export function fromByteString(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  // A plain loop is ten times faster than `Uint8Array.from(text, map)`.
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}
