import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Of each /16, those from here on are for tests that need to know them beforehand. */
const END = 200;

/**
 * The first three numbers of a subnet of 24 bits that is not taken, and to which this host has no route (proc_net_route(5)): others may test beside
 * this process, and two networks with the same addresses answer for each other.
 */
export function freeSubnet(of: '198.18' | '198.19', taken: ReadonlySet<string>): string {
  const routed = new Set(readFileSync('/proc/net/route', 'utf8').split('\n').map(destinationOf));
  const free = Array.from({ length: END }, (_, third) => `${of}.${third}`).filter((subnet) => !taken.has(subnet) && !routed.has(subnet));
  const chosen = free[randomInt(Math.max(1, free.length))];
  if (chosen === undefined) throw new Error(`no subnet of ${of}.0.0/16 is free`);
  return chosen;
}

/** Where a line of the kernel's table leads, by its first three numbers: it has them in hexadecimal, the last first. */
function destinationOf(line: string): string {
  const bytes = Buffer.from(line.split('\t')[1] ?? '', 'hex').toReversed();
  return bytes.subarray(0, 3).join('.');
}
