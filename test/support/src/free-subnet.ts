import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { claim } from './claim.ts';

/** Of 10.192.0.0/10. */
const PREFIXES: readonly string[] = Array.from({ length: 64 * 256 }, (_, number) => `10.${192 + (number >> 8)}.${number & 255}`);

/**
 * The first three numbers of a subnet of 24 bits to which this host has no route, and that nobody else who asks here is given while this process lives: two
 * networks with the same addresses answer for each other. Throws where none of `prefixes` is left.
 */
export async function freeSubnet(prefixes = PREFIXES): Promise<string> {
  const left = [...prefixes];
  while (left.length > 0) {
    const [chosen = ''] = left.splice(randomInt(left.length), 1);
    // What others left behind is looked for last: whoever gave a subnet back has made its network by then.
    if ((await claim(`subnet ${chosen}`)) && !isRouted(chosen)) return chosen;
  }
  throw new Error(`none of ${prefixes.length} subnets is free, from ${prefixes[0]}.0/24 on`);
}

/** By the kernel's table (proc_net_route(5)), which has destinations in hexadecimal, the last number first. */
function isRouted(prefix: string): boolean {
  const [first = '', second = '', third = ''] = prefix
    .split('.')
    .map((number) => Number(number).toString(16).padStart(2, '0').toUpperCase());
  return readFileSync('/proc/net/route', 'latin1').includes(`\t00${third}${second}${first}\t`);
}
