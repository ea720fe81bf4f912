/**
 * Whether an IP address is one of the public internet: not this device, not the network that it is in, not one that leads to an
 * IPv4 address in disguise, and none that is reserved (IANA's special-purpose registries, RFC 6890). What is no address is not.
 */
export function isPublicAddress(address: string): boolean {
  const v4 = readV4(address);
  if (v4 !== undefined) return !within(v4, reservedV4);
  const v6 = readV6(address);
  if (v6 === undefined) return false;
  // ::ffff:0:0/96 is how a socket says IPv4.
  if (v6 >> 32n === 0xffffn) return !within(v6 & 0xffff_ffffn, reservedV4);
  // Global unicast and nothing else: neither ULA, link-local, multicast nor NAT64 (RFC 4291 section 2.4).
  return v6 >> 125n === 1n && !within(v6, reservedV6);
}

type Block = readonly [base: bigint, bits: bigint];

const reservedV4 = blocks(
  32n,
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24",
  "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4",
);

/** Teredo and its neighbours, documentation, 6to4. */
const reservedV6 = blocks(128n, "2001::/23 2001:db8::/32 2002::/16 3fff::/20");

function blocks(width: bigint, ...lists: string[]): Block[] {
  return lists
    .flatMap((list) => list.split(" "))
    .map((block) => {
      const [base = "", bits = ""] = block.split("/");
      const free = width - BigInt(bits);
      return [(readV4(base) ?? readV6(base) ?? 0n) >> free, free];
    });
}

function within(address: bigint, blocks: readonly Block[]): boolean {
  return blocks.some(([base, free]) => address >> free === base);
}

function readV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256)) return;
  return parts.reduce((address, part) => (address << 8n) | BigInt(part), 0n);
}

/** RFC 4291 section 2.2, in all three forms. An address with a zone is of this link, so none here. */
function readV6(text: string): bigint | undefined {
  const [head = "", tail, more] = expandedV4(text).split("::");
  if (more !== undefined) return;
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return;
  const all = [...before, ...Array<string>(missing).fill("0"), ...after];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return;
  return all.reduce((address, group) => (address << 16n) | BigInt(`0x${group}`), 0n);
}

function groups(text: string): string[] {
  return text === "" ? [] : text.split(":");
}

/** The last four bytes may be written as IPv4. */
function expandedV4(text: string): string {
  const last = text.slice(text.lastIndexOf(":") + 1);
  const v4 = last.includes(".") ? readV4(last) : undefined;
  if (v4 === undefined) return text;
  return `${text.slice(0, -last.length)}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
}
