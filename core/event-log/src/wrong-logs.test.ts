import { setImmediate as turn } from 'node:timers/promises';
import { MemoryLevel } from 'memory-level';
import { suite } from 'uvu';
import { eventLogSuite } from '@shiplog/conformance/event-log';
import type { AppendRequest, ShiplogEvent } from '@shiplog/contracts';
import { caughtBy, checksCanFail, replacing, temporaryDirectory, without } from '@shiplog/test-support';
import { openEventLog } from './event-log.ts';
import { PRUNED } from './wrong/pruned.test.util.ts';
import { PRUNING } from './wrong/pruning.test.util.ts';
import { SEALING } from './wrong/sealing.test.util.ts';
import type { Wrong, WrongLogs } from './wrong/wrong.test.util.ts';

const test = suite('wrong event logs');

const admitting =
  (change: (request: AppendRequest) => AppendRequest): Wrong =>
  (right) => ({ append: (request) => right.append(change(request)) });

async function arrayOf(events: AsyncIterable<ShiplogEvent>): Promise<readonly ShiplogEvent[]> {
  const all: ShiplogEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const expectation = (words: string): string => `given a stream without events and one with two, when ${words}`;

/** By what the kit checks. */
const WRONG: WrongLogs = {
  ...SEALING,
  ...PRUNING,
  ...PRUNED,
  'given an empty log, when asked, then it has no events, no streams and no keys': {
    does: 'begins behind a position that was never given',
    make: (right) => ({
      get durableSeq() {
        return Math.max(0, right.durableSeq);
      },
    }),
  },
  'given an append, when it is admitted, then places are given at once and durable comes later': {
    does: 'counts events in their stream alone',
    make: (right) => ({
      append(request) {
        const admitted = right.append(request);
        return { ...admitted, events: admitted.events.map((event) => ({ ...event, seq: event.rev })) };
      },
    }),
  },
  'given an append, when read back, then the envelope holds the stamp, the event and unique sorted ids': {
    does: 'keeps no tags',
    make: (right) => ({
      async *read(options) {
        for await (const event of right.read(options)) yield without(event, 'tags') as ShiplogEvent;
      },
    }),
  },
  'given events not yet durable, when read, then they are not seen': {
    does: 'reads what is not durable yet',
    make: (right) => ({
      async *read(options) {
        await right.flushed();
        yield* right.read(options);
      },
    }),
  },
  'given many concurrent appenders, when all are acknowledged, then order is gap-free and nothing is missing': {
    does: 'acknowledges before it writes',
    make: (right) => ({ append: (request) => ({ ...right.append(request), durable: Promise.resolve() }) }),
  },
  'given an append of no events, when flushed, then the log is as before': {
    does: 'makes an event of an append of none',
    make: admitting((request) => ({
      ...request,
      events:
        request.events.length > 0
          ? request.events
          : [{ stream: 'engine', type: 'container.oom', kind: 'observed', data: { id: 'none', kills: 0 } }],
    })),
  },
  'given a closed log, when appended to, then LOG_CLOSED and nothing is admitted': {
    does: 'loses what is appended after its end without a word',
    make(right) {
      let isClosed = false;
      return {
        append: (request) => (isClosed ? { events: [], durable: Promise.resolve() } : right.append(request)),
        async close() {
          isClosed = true;
          await right.close();
        },
      };
    },
  },
  [expectation('any is expected, then true and true')]: {
    does: 'takes any revision for an existing one',
    make: admitting(({ expected = {}, ...request }) => ({
      ...request,
      expected: Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, value === 'any' ? 'stream-exists' : value])),
    })),
  },
  ...caughtBy<Wrong>(
    [
      'no-stream is expected, then true and false',
      'stream-exists is expected, then false and true',
      '-1 is expected, then true and false',
      '0 is expected, then false and false',
      '1 is expected, then false and true',
      '2 is expected, then false and false',
    ].map(expectation),
    { does: 'heeds no expected revision', make: admitting((request) => without(request, 'expected')) },
  ),
  'given one wrong expectation of several streams, when appended, then nothing of it is admitted': {
    does: 'admits what it refuses',
    make: (right) => ({
      append({ expected, ...request }) {
        try {
          return right.append({ ...request, ...(expected === undefined ? {} : { expected }) });
        } catch (error) {
          right.append(request);
          throw error;
        }
      },
    }),
  },
  'given a tag, when a condition was seen before it, then LOG_CONDITION_FAILED; when seen after it, then admitted': {
    does: 'heeds no condition',
    make: admitting((request) => without(request, 'conditions')),
  },
  'given an idempotency key, when its operation goes on, then admitted; when another brings it, then LOG_CONFLICT': {
    does: 'remembers no idempotency key',
    make: admitting((request) => ({ ...request, stamp: without(request.stamp, 'idem') })),
  },
  'given data that JSON cannot hold, when appended, then it is refused and nothing is admitted': {
    does: 'writes what JSON makes of any data',
    make: admitting((request) => JSON.parse(JSON.stringify(request)) as AppendRequest),
  },
  'given a log, when any range is read, then it has exactly these events in order': {
    does: 'leaves the last event of a range out',
    make: (right) => ({ read: (options = {}) => right.read(options.to === undefined ? options : { ...options, to: options.to - 1 }) }),
  },
  'given a read, when it is left early or repeated, then the log goes on': {
    does: 'reads a range once',
    make: (right) => ({
      read(options) {
        const cursor = right.read(options)[Symbol.asyncIterator]();
        return { [Symbol.asyncIterator]: () => cursor };
      },
    }),
  },
  'given overlapping calls of next, when answered, then each event comes once and in order': {
    does: 'answers calls that overlap alike',
    make: (right) => ({
      read(options) {
        let next = 0;
        const all = arrayOf(right.read(options));
        return {
          [Symbol.asyncIterator]: () => ({
            async next() {
              const index = next;
              const value = (await all)[index];
              next = index + 1;
              return value === undefined ? { done: true, value } : { done: false, value };
            },
          }),
        };
      },
    }),
  },
  'given streams, when one is read, then it has its events in order of revision, from any revision on': {
    does: 'reads every stream from its beginning',
    make: (right) => ({ readStream: (stream, _, to) => right.readStream(stream, 0, to) }),
  },
  'given the end of a range, when a stream is read, then nothing after that position comes': {
    does: 'reads every stream to its end',
    make: (right) => ({ readStream: (stream, from) => right.readStream(stream, from) }),
  },
  'given a position that is none, when read from, then REQUEST_INVALID': {
    does: 'makes a position of any number',
    make: (right) => ({
      read: ({ from = 0, ...options } = {}) => right.read({ ...options, from: Math.max(0, Math.trunc(from) || 0) }),
    }),
  },
  'given events of several types, when some are asked for, then these come in order, before and after reopening': {
    does: 'reads all types whichever were asked for',
    make: (right) => ({ read: (options = {}) => right.read(without(options, 'types')) }),
  },
  'given events of several streams, when one is asked for, then its events come in order, of a range and of types': {
    does: 'reads a stream from its beginning, wherever it is asked to begin',
    make: (right) => ({ read: (options = {}) => right.read(options.stream === undefined ? options : without(options, 'from')) }),
  },
  'given events with tags, when the last with one is asked for, then it is the answer, and -1 where none has it': {
    does: 'tells of the event after',
    make: (right) => ({ lastTagged: (tag) => right.lastTagged(tag) + 1 }),
  },
  'given events with tags, when one is asked for, then its events come in order, of a range and of types, and none where none has it': {
    does: 'reads all tags whichever was asked for',
    make: (right) => ({ read: (options = {}) => right.read(without(options, 'tag')) }),
  },
  'given streams, when those are asked for that began in a range, then each is there once, in order, and once it is durable': {
    does: 'tells streams that began before the range',
    make: (right) => ({ streamsBegun: (_, to) => right.streamsBegun(0, to) }),
  },
  'given a type that comes often, then long not at all, and again, when it is asked for, then none is missing': {
    does: 'takes a long stretch without a type for its end',
    make: (right) => ({
      async *read(options = {}) {
        let last: number | undefined;
        for await (const event of right.read(options)) {
          if (options.types !== undefined && last !== undefined && event.seq - last > 256) return;
          last = event.seq;
          yield event;
        }
      },
    }),
  },
  'given events not yet durable, when asked for by type or time, then they are not seen': {
    does: 'finds times of what is not durable yet',
    make: (right) => ({
      async positionAt(time) {
        await right.flushed();
        return right.positionAt(time);
      },
    }),
  },
  'given times, when a position is asked for, then it is the last event at or before, to the nanosecond': {
    does: 'finds times to the microsecond',
    make: (right) => ({ positionAt: (time) => right.positionAt((time / 1000n) * 1000n) }),
  },
  'given a clock that stepped back, when a position is asked for, then the first later event ends the past': {
    does: 'finds the last event of a time, wherever it is',
    make: (right) => ({
      async positionAt(time) {
        let found = -1;
        for await (const { seq, t } of right.read()) if (BigInt(t) <= time) found = seq;
        return found;
      },
    }),
  },
  'given snapshots of two kinds, when the nearest is asked for, then it is the newest of its kind at or before': {
    does: 'takes the newest snapshot for the nearest',
    make: (right) => ({
      snapshots: replacing(right.snapshots, { nearest: (kind) => right.snapshots.nearest(kind, Number.MAX_SAFE_INTEGER) }),
    }),
  },
  'given a snapshot with parts, when some are asked for, then these are the answer, until another takes its place or it is removed': {
    does: 'leaves the old parts where another snapshot takes the place',
    make: (right) => {
      const put: [kind: string, parts: readonly Uint8Array[]][] = [];
      return {
        snapshots: replacing(right.snapshots, {
          async put(kind, snapshot, parts = []) {
            const before = put.findLast((each) => each[0] === `${kind}/${snapshot.seq}`)?.[1] ?? [];
            put.push([`${kind}/${snapshot.seq}`, parts]);
            await right.snapshots.put(kind, snapshot, [...parts, ...before.slice(parts.length)]);
          },
        }),
      };
    },
  },
  'given a position that is not durable, when a snapshot of it is kept, then LOG_POSITION_UNKNOWN': {
    does: 'keeps snapshots of what is not durable yet',
    make: (right) => ({
      snapshots: replacing(right.snapshots, {
        async put(kind, snapshot, parts) {
          await right.flushed();
          await right.snapshots.put(kind, snapshot, parts);
        },
      }),
    }),
  },
  'given history and then new events, when followed, then both come once and in order': {
    does: 'tells the first event twice',
    make: (right) => ({
      async *follow(options) {
        let isFirst = true;
        for await (const event of right.follow(options)) {
          yield event;
          if (isFirst) yield event;
          isFirst = false;
        }
      },
    }),
  },
  'given no position, when followed, also by the batch, then from the first event that is kept': {
    does: 'begins with what is new where nobody says where',
    make: (right) => ({ follow: (options) => right.follow({ from: Math.max(0, right.durableSeq), ...options }) }),
  },
  'given several followers from different positions, when events come, then each gets all of its own': {
    does: 'begins one event early',
    make: (right) => ({ follow: (options) => right.follow({ ...options, from: Math.max(0, (options.from ?? 0) - 1) }) }),
  },
  'given events not yet durable, when followed, then they come only once durable': {
    does: 'tells followers what is not durable yet',
    make(right) {
      const admitted: ShiplogEvent[] = [];
      return {
        append(request) {
          const answer = right.append(request);
          admitted.push(...answer.events);
          return answer;
        },
        async *follow({ from = 0, signal }) {
          for (let next = from; signal?.aborted !== true;) {
            const event = admitted[next];
            if (event === undefined) await turn();
            else {
              next += 1;
              yield event;
            }
          }
        },
      };
    },
  },
  'given a follower that stalls, when thousands of events go by, then the writer goes on and it misses none': {
    does: 'drops what a slow follower leaves lying',
    make: (right) => ({
      async *follow(options) {
        for await (const event of right.follow(options)) if (right.durableSeq - event.seq < 1000) yield event;
      },
    }),
  },
  'given followers by the batch, when events come, then each gets all, in order, in batches of some hundred at most': {
    does: 'hands all of the past out at once',
    make: (right) => ({
      async *followBatches({ from = 0, signal }) {
        yield await arrayOf(right.read({ from }));
        yield* right.followBatches({ from: right.durableSeq + 1, ...(signal === undefined ? {} : { signal }) });
      },
    }),
  },
  'given a waiting follower, when its signal aborts, then it ends, and others go on': {
    does: 'ends all followers with the first that leaves',
    make(right) {
      const all = new AbortController();
      return {
        follow(options) {
          options.signal?.addEventListener('abort', () => all.abort());
          return right.follow({ ...options, signal: all.signal });
        },
      };
    },
  },
  'given a waiting follower, when its loop is left from outside, then the pending next ends': {
    does: 'answers a follower that left with an event',
    make: () => ({
      follow() {
        let answer: ((result: IteratorResult<ShiplogEvent>) => void) | undefined;
        return {
          [Symbol.asyncIterator]: () => ({
            next: () =>
              new Promise((resolve) => {
                answer = resolve;
              }),
            async return() {
              answer?.({ done: false, value: { seq: 0 } as ShiplogEvent });
              return { done: true, value: undefined };
            },
          }),
        };
      },
    }),
  },
  'given followers, when the log closes, then they get what was durable and end': {
    does: 'forgets followers as soon as it is to close',
    make(right) {
      let isClosing = false;
      return {
        async *follow(options) {
          for await (const event of right.follow(options)) {
            if (isClosing) return;
            yield event;
          }
        },
        async close() {
          isClosing = true;
          await right.close();
        },
      };
    },
  },
  'given a log, when opened again, then it is the same in every answer': {
    does: 'does not find its last event again',
    make: (right, openings) => ({
      read: (options) => right.read(openings === 0 ? options : { ...options, to: right.durableSeq - 1 }),
    }),
  },
  'given a log found whole, when verified incrementally, also after reopening, then only what came since is read': {
    does: 'says nothing while it verifies',
    make: (right) => ({ verify: (options = {}) => right.verify(without(options, 'progress')) }),
  },
  'given a log opened many times, when appended to each time, then it goes on where it was': {
    does: 'counts revisions anew when it is opened again',
    make: (right, openings) => ({
      append(request) {
        const admitted = right.append(request);
        return openings === 0 ? admitted : { ...admitted, events: admitted.events.map((event) => ({ ...event, rev: 0 })) };
      },
    }),
  },
};

checksCanFail<Wrong>({
  test,
  of: 'event-log',
  wrong: WRONG,
  kit(check, wrong) {
    // Checks of logs without archives are others; those of all logs are tried on either.
    for (const archives of [false, true]) {
      eventLogSuite({
        test: check,
        abilities: { archives },
        skipped: () => undefined,
        async factory() {
          const db = new MemoryLevel();
          const directory = await temporaryDirectory();
          let openings = 0;
          return {
            async open() {
              const right = await openEventLog({ boot: 'boot-1', inst: 'inst-1', db, ...(archives && { archive: directory.path }) });
              const log = replacing(right, wrong(right, openings));
              openings += 1;
              return log;
            },
            cleanup: directory.cleanup,
          };
        },
      });
    }
  },
});

test.run();
