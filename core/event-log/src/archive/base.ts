import { hash } from 'node:crypto';
import type { Bounded } from '@shiplog/contracts';
import { ENCODING, type LogDatabase, SYNCED } from '../stored/database.ts';
import { BODY, checkFrame, FrameError, sealFrame } from '../stored/frame.ts';

/** Where a log begins whose older events were pruned, under a key of its own; what stands for them lies beside it. */
const BASE_KEY = 'base';

/** An index page of all that was pruned. Pages that get another form need another key, and this one is read as long as logs have it. */
const INDEX_KEY = `${BASE_KEY}/index-2`;

/** What the engine knew after the last event that was pruned, in a form that says itself which it is. */
const STATE_KEY = `${BASE_KEY}/state`;

const SIZE = BODY + 6;

/** What stands for events that were pruned. */
export interface Base {
  readonly index: Uint8Array;
  readonly state: Uint8Array;
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
  return firstIn(await db.get<string, Buffer>(BASE_KEY, ENCODING));
}

/** The index page of all that was pruned, and the first position that is kept; undefined where nothing was. Throws FrameError when it is damaged, or gone. */
export async function readBaseIndex(db: LogDatabase): Promise<{ readonly first: number; readonly index: Buffer } | undefined> {
  // Together, since a prune changes all of them at once.
  const [begin, index] = await db.getMany<string, Buffer>([BASE_KEY, INDEX_KEY], ENCODING);
  const first = firstIn(begin);
  return first === 0 ? undefined : { first, index: bodyOf(index, 'index') };
}

/** What stands for all that was pruned; undefined where nothing was. Throws FrameError when it is damaged, or gone. */
export async function readBase(db: LogDatabase): Promise<(Base & { readonly first: number }) | undefined> {
  const [begin, index, state] = await db.getMany<string, Buffer>([BASE_KEY, INDEX_KEY, STATE_KEY], ENCODING);
  const first = firstIn(begin);
  if (first === 0) return undefined;
  return { first, index: bodyOf(index, 'index'), state: bodyOf(state, 'state') };
}

/** What is whole of an index page and a state, which may not belong together. */
export async function baseParts(db: LogDatabase): Promise<readonly Buffer[]> {
  const values = await db.getMany<string, Buffer>([INDEX_KEY, STATE_KEY], ENCODING);
  return values.flatMap((value) => basePart(value) ?? []);
}

/** The index page or the state that a value holds; undefined when it is damaged. */
export function basePart(value: Buffer | undefined): Buffer | undefined {
  try {
    return value && bodyOf(value, 'state');
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}

/** Has a log begin behind what `base` stands for; at 0 if that is nothing. */
export async function writeBase(db: LogDatabase, base: (Base & { readonly first: number }) | undefined): Promise<void> {
  const batch = db.batch();
  for (const key of [BASE_KEY, INDEX_KEY, STATE_KEY]) batch.del<string>(key, { keyEncoding: 'utf8' });
  for (const [key, value] of base === undefined ? [] : baseEntries(base.first, base)) batch.put<string, Buffer>(key, value, ENCODING);
  await batch.write(SYNCED);
}

/** What to write so that a log begins at `first`. */
export function baseEntries(first: number, { index, state }: Base): readonly (readonly [key: string, value: Buffer])[] {
  const begin = Buffer.alloc(SIZE);
  begin.writeUIntBE(first, BODY, 6);
  sealFrame(begin);
  return [
    [BASE_KEY, begin],
    [INDEX_KEY, framed(index)],
    [STATE_KEY, framed(state)],
  ];
}

/** What the log says of a base: so the tree's root stands for it as well. */
export function boundedBy(first: number, { index, state }: Base): Bounded {
  return { first, state: hash('sha256', state), index: hash('sha256', index) };
}

function firstIn(value: Buffer | undefined): number {
  if (value === undefined) return 0;
  checkFrame(value, SIZE);
  return value.readUIntBE(BODY, 6);
}

function framed(bytes: Uint8Array): Buffer {
  const value = Buffer.alloc(BODY + bytes.length);
  value.set(bytes, BODY);
  sealFrame(value);
  return value;
}

function bodyOf(value: Buffer | undefined, part: keyof Base): Buffer {
  if (value === undefined) throw new FrameError(`the ${part} that stands for the pruned events is gone`);
  checkFrame(value, BODY);
  return value.subarray(BODY);
}
