import type { PathStat } from '@shiplog/contracts';
import { rfc3339 } from './time.ts';

/** Types and bits of st_mode (inode(7)) as os.FileMode has them (Go, package io/fs). */
const TYPES: ReadonlyMap<number, number> = new Map([
  [0o040000, 2 ** 31],
  [0o120000, 2 ** 27],
  [0o060000, 2 ** 26],
  [0o020000, 2 ** 26 + 2 ** 21],
  [0o010000, 2 ** 25],
  [0o140000, 2 ** 24],
]);
const BITS: readonly (readonly [bit: number, goBit: number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

/** st_mode as os.FileMode. */
export function goFileMode(mode: number): number {
  const special = BITS.reduce((sum, [bit, goBit]) => ((mode & bit) === 0 ? sum : sum + goBit), 0);
  return (TYPES.get(mode & 0o170000) ?? 0) + special + (mode & 0o777);
}

/** The header `X-Docker-Container-Path-Stat`: JSON in base64. */
export function pathStatHeader({ name, size, mode, modifiedAt, linkTarget }: PathStat): string {
  const stat = { name, size, mode: goFileMode(mode), mtime: rfc3339(modifiedAt), linkTarget };
  return Buffer.from(JSON.stringify(stat)).toString('base64');
}
