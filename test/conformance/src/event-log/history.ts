import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Bounded, EventLog, NewEvent, PruneOptions, SealedRange } from '@shiplog/contracts';
import { request, sample, stamp, stream, take } from './samples.ts';

/** How many events {@link fillHistory} appends. */
export const EVENTS = 600;

/** Wall time of its first event; the others follow one nanosecond apart. */
export const BEGIN = 1000;

/** Its first event alone brings this key, and carries this tag. */
export const KEY = 'first';
export const TAG = 'name:first';

/** A tag of every eleventh event. */
const COMMON = 'name:common';

const KILLED: NewEvent = { stream: 'container/k', type: 'container.kill.failed', kind: 'outcome', data: {} };

/**
 * Events of two types and nine streams, about seven a commit. The first event is the only one of stream `container/once`. So that a kit can seal and
 * prune some of so few, a log's segments must be far smaller than this.
 */
export async function fillHistory(log: EventLog): Promise<void> {
  log.append(request([sample('once', 0, [TAG])], { stamp: { ...stamp('op-first', KEY), t: String(BEGIN) } }));
  for (let seq = 1; seq < EVENTS; seq += 1) {
    const event = seq % 5 === 0 ? KILLED : sample(String(seq % 7), seq, seq % 11 === 0 ? [COMMON] : undefined);
    log.append(request([event], { stamp: { ...stamp(), t: String(BEGIN + seq) } }));
    if (seq % 7 === 0) await log.flushed();
  }
  await log.flushed();
}

/** What a log answers, by the question. */
export type Answers = { readonly [question: string]: unknown };

/** That {@link answersOf} answers as it did before. Says which question it is that it does not: a comparison line by line would take minutes. */
export async function assertAnswers(log: EventLog, from: number, before: Answers): Promise<void> {
  for (const [question, answer] of Object.entries(await answersOf(log, from)))
    assert.ok(isDeepStrictEqual(answer, before[question]), `another answer than before: ${question}`);
}

/** All that a log answers of the events of {@link fillHistory} from position `from` on, and of its tree from the beginning. */
export async function answersOf(log: EventLog, from: number): Promise<Answers> {
  const to = EVENTS - 1;
  const bytes: string[] = [];
  for await (const event of log.readBytes({ from, to })) bytes.push(Buffer.from(event).toString('utf8'));
  const events = await take(log.read({ from, to }));
  const firstOfStream = events.find((event) => event.stream === stream('3'));
  assert.ok(firstOfStream);
  const hex = (hashes: Uint8Array): string => Buffer.from(hashes).toString('hex');
  const root = async (size: number): Promise<string> => hex(await log.tree.root(size));
  const sizes = [1, 7, 255, 256, 300, from, from + 1, EVENTS].filter((size) => size > 0);
  return {
    events,
    bytes,
    some: await take(log.read({ from: from + 10, to: to - 10 })),
    ofType: await take(log.read({ types: ['container.kill.*'], from, to })),
    ofStream: await take(log.read({ stream: stream('3'), from, to })),
    withTag: await take(log.read({ tag: COMMON, from, to })),
    lastTagged: log.lastTagged(COMMON),
    begun: log.streamsBegun(0, to),
    byRevision: await take(log.readStream(stream('3'), firstOfStream.rev, to)),
    followed: await take(log.follow({ from }), EVENTS - from),
    atTimes: await Promise.all([from, from + 1, to - 1].map((seq) => log.positionAt(BigInt(BEGIN + seq)))),
    roots: await Promise.all(sizes.map(root)),
    tiles: (await Promise.all([0, 1].map((index) => log.tree.tile(0, index)))).map(hex),
    revisions: ['once', 'k', '0', '3', 'none'].map((name) => log.revision(stream(name))),
    key: log.findIdempotent(KEY),
  };
}

/** Seals, and answers with the ranges that were told. */
export async function sealed(log: EventLog, before: number): Promise<SealedRange[]> {
  const ranges: SealedRange[] = [];
  for await (const range of log.seal(before)) ranges.push(range);
  return ranges;
}

/** A log of {@link fillHistory} with two archives or more, and the first position behind the first of them, and behind the last. */
export async function fillArchives(log: EventLog): Promise<{ readonly first: number; readonly second: number }> {
  await fillHistory(log);
  await sealed(log, 200);
  const first = log.sealedSeq + 1;
  await sealed(log, 400);
  const second = log.sealedSeq + 1;
  assert.ok(
    first > 0 && second > first,
    `of ${EVENTS} events in some hundred commits, a log can seal some before 200, and more before 400`,
  );
  return { first, second };
}

/** What the kit has stand for the events before a position. */
export function stateBefore(first: number): Buffer {
  return Buffer.from(`as of the last before ${first}`);
}

/** Prunes as an engine does: what stands for the events is in the log before they go. */
export async function prune(log: EventLog, first: number, options?: PruneOptions): Promise<void> {
  await log.prune(first, stateBefore(first), (hashes) => record(log, hashes), options);
}

/** Makes the event durable that says what stands for the events that go. */
export async function record(log: EventLog, data: Bounded): Promise<void> {
  await log.append(request([{ stream: 'engine', type: 'log.bounded', kind: 'meta', data }])).durable;
}
