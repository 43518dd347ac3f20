import type { Damage } from '@shiplog/contracts';
import type { FileDamage } from '../level-files/level-files.ts';
import { MAX_EVENTS } from '../stored/segment.ts';
import { widthOf } from '@shiplog/tlog';

const SEGMENT = 's';
const TILE = 't';
const DIGITS = 16;

/** The events that may be touched by damage to a file of the database, in a log whose last event is at `last`. */
export function damagedRange({ file, from, to, reason }: FileDamage, last: number): Damage {
  const [first, end] = from >= TILE ? tiles(from, to, last) : segments(from, to, last);
  return { from: Math.min(first, Math.max(0, last)), to: Math.max(0, Math.min(end, last)), reason: `${file}: ${reason}` };
}

/** Keys between two blocks may be cut short: what they lack is taken as the lowest, or the highest, that it can be. */
function segments(from: string, to: string, last: number): readonly [number, number] {
  const first = from < SEGMENT ? 0 : Number(digits(from).padEnd(DIGITS, '0'));
  if (to < SEGMENT) return [last, last];
  return [first, to >= TILE || digits(to) === '' ? last : Number(digits(to).padEnd(DIGITS, '9')) + MAX_EVENTS];
}

function digits(key: string): string {
  return /^\d{0,16}/.exec(key.slice(1))?.[0] ?? '';
}

function tiles(from: string, to: string, last: number): readonly [number, number] {
  const [a, b] = [tile(from), tile(to)];
  if (a === undefined || b === undefined || a.level !== b.level) return [0, last];
  const width = widthOf(a.level + 1);
  return [a.index * width, (b.index + 1) * width - 1];
}

function tile(key: string): { readonly level: number; readonly index: number } | undefined {
  const parts = /^t(\d)\/(\d{16})$/.exec(key);
  return parts === null ? undefined : { level: Number(parts[1]), index: Number(parts[2]) };
}
