/** An IPv4 network in numbers: `base` and `mask` are unsigned 32-bit. */
export interface Subnet {
  readonly base: number;
  readonly mask: number;
  readonly prefixLength: number;
}

/** Dotted quad to an unsigned 32-bit number; undefined if it is none. Leading zeros are refused: some read them as octal. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

/** Unsigned 32-bit number to dotted quad. */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** `a.b.c.d/n` to numbers, host bits cleared; undefined if it is no IPv4 network. */
export function parseSubnet(cidr: string): Subnet | undefined {
  const slash = cidr.indexOf('/');
  const address = parseIpv4(cidr.slice(0, Math.max(slash, 0)));
  const length = cidr.slice(slash + 1);
  if (slash === -1 || address === undefined || !/^\d{1,2}$/.test(length) || Number(length) > 32) return undefined;
  const prefixLength = Number(length);
  const mask = prefixLength === 0 ? 0 : (-1 << (32 - prefixLength)) >>> 0;
  return { base: (address & mask) >>> 0, mask, prefixLength };
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatIpv4(subnet.base)}/${subnet.prefixLength}`;
}

/** The last address, which is the broadcast address of the network. */
export function broadcastOf(subnet: Subnet): number {
  return (subnet.base | ~subnet.mask) >>> 0;
}

export function contains(subnet: Subnet, address: number): boolean {
  return (address & subnet.mask) >>> 0 === subnet.base;
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return contains(a, b.base) || contains(b, a.base);
}
