import { isIPv4 } from 'node:net';
import { kernelError, Refusal } from './kernel-error.ts';

/** Address family, socket.h. */
export const AF_INET = 2;

/** An IPv4 network: its address, and how many bits of it count. */
export interface Prefix {
  readonly address: Uint8Array;
  readonly length: number;
}

/** Throws NOT_SUPPORTED for another family. */
export function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split('.'), Number);
  throw new Refusal('NOT_SUPPORTED', `not an IPv4 address: ${address}`, { address });
}

/** Reads `a.b.c.d/n`; without `/n` it is one host. */
export function prefix(cidr: string): Prefix {
  const [address = '', length = '32'] = cidr.split('/');
  const bits = Number(length);
  if (!/^\d+$/.test(length) || bits > 32) throw kernelError('rtnetlink', 'EINVAL', { cidr, reason: 'not a CIDR' });
  return { address: addressBytes(address), length: bits };
}

/** The last address of a prefix. */
export function broadcast({ address, length }: Prefix): Uint8Array {
  return address.map((byte, index) => byte | (0xff >> Math.min(8, Math.max(0, length - index * 8))));
}
