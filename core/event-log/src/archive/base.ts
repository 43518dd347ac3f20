import type { Snapshot } from '@shiplog/contracts';
import { ENCODING, type LogDatabase } from '../database.ts';
import { BODY, checkFrame, sealFrame } from '../frame.ts';
import { PAGE_KIND } from '../index-page.ts';

/** Where a log begins whose older events were pruned, under a key of its own; what stands for them lies beside it. */
const BASE_KEY = 'base';

const SIZE = BODY + 6;

/** Key of a snapshot that stands for the pruned events, as of the last of them. */
function pinKey(kind: string): string {
  return `${BASE_KEY}/${kind}`;
}

/** Whether a key belongs to a base. */
export function isBaseKey(key: string): boolean {
  return key === BASE_KEY || key.startsWith(`${BASE_KEY}/`);
}

/** Throws FrameError unless the value of such a key is whole. */
export function checkBase(value: Buffer): void {
  checkFrame(value, BODY);
}

/** Position of the first event that is kept: 0 where nothing was pruned. Throws FrameError when what says so is damaged. */
export async function readFirst(db: LogDatabase): Promise<number> {
  const value = await db.get<string, Buffer>(BASE_KEY, ENCODING);
  if (value === undefined) return 0;
  checkFrame(value, SIZE);
  return value.readUIntBE(BODY, 6);
}

/** A snapshot that stands for the pruned events; undefined if none of this kind does. Throws FrameError when it is damaged. */
export async function readPin(db: LogDatabase, kind: string): Promise<Snapshot | undefined> {
  const first = await readFirst(db);
  const value = first === 0 ? undefined : await db.get<string, Buffer>(pinKey(kind), ENCODING);
  if (value === undefined) return undefined;
  checkFrame(value, BODY);
  return { seq: first - 1, bytes: value.subarray(BODY) };
}

/** The index page of all that was pruned. */
export async function readBasePage(db: LogDatabase): Promise<Buffer | undefined> {
  const page = await readPin(db, PAGE_KIND);
  return page === undefined ? undefined : Buffer.from(page.bytes);
}

/** What to write so that a log begins at `first`: pins by kind, the index page among them. */
export function baseEntries(first: number, pins: ReadonlyMap<string, Uint8Array>): readonly (readonly [key: string, value: Buffer])[] {
  const begin = Buffer.alloc(SIZE);
  begin.writeUIntBE(first, BODY, 6);
  sealFrame(begin);
  const values = [...pins].map(([kind, bytes]): readonly [string, Buffer] => {
    const value = Buffer.alloc(BODY + bytes.length);
    value.set(bytes, BODY);
    sealFrame(value);
    return [pinKey(kind), value];
  });
  return [[BASE_KEY, begin], ...values];
}
