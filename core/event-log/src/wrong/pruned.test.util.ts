import { type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { replacing, without } from '@shiplog/test-support';
import type { WrongLogs } from './wrong.test.util.ts';

/** What comes of `events`, and where they turn out to be pruned, of what `instead` makes. */
async function* butWherePruned(
  events: AsyncIterable<ShiplogEvent>,
  instead: () => AsyncIterable<ShiplogEvent>,
): AsyncGenerator<ShiplogEvent> {
  try {
    yield* events;
  } catch (error) {
    if (!isPruned(error)) throw error;
    yield* instead();
  }
}

function isPruned(error: unknown): boolean {
  return error instanceof ShiplogError && error.code === 'LOG_PRUNED';
}

/** Logs that are wrong in what they answer once events are gone. */
export const PRUNED: WrongLogs = {
  'given pruned events, when read from there, also after reopening, then LOG_PRUNED, and without a beginning the first that is kept': {
    does: 'begins with the first that is kept, wherever it is asked to',
    make: (right) => ({ read: (options = {}) => right.read({ ...options, from: Math.max(options.from ?? 0, right.firstSeq) }) }),
  },
  'given pruned events, when their bytes or batches of them are asked for, then LOG_PRUNED': {
    does: 'has bytes begin with the first that is kept',
    make: (right) => ({ readBytes: ({ from, to }) => right.readBytes({ from: Math.max(from, right.firstSeq), to }) }),
  },
  'given pruned events, when the others and the tree are asked for in any way, also after reopening, then every answer is as before': {
    does: 'has no hashes of what was pruned',
    make: (right) => ({
      get tree() {
        const { tree, firstSeq } = right;
        return replacing(tree, {
          tile: async (level, index) =>
            level === 0 && index * 256 < firstSeq ? (await tree.tile(level, index)).fill(0, 0, 32) : tree.tile(level, index),
        });
      },
    }),
  },
  'given streams of which events were pruned, when read, then those that are kept, or LOG_PRUNED from a revision that is gone': {
    does: 'begins a stream with what is kept of it, wherever it is asked to',
    make: (right) => ({
      readStream: (stream, from, to) => butWherePruned(right.readStream(stream, from, to), () => right.readStream(stream, undefined, to)),
    }),
  },
  'given times, when a position is asked for, then it is as before the prune, and LOG_PRUNED for what was before the first that is kept': {
    does: 'knows of no events before a time that are gone',
    make: (right) => ({
      positionAt: (time) =>
        right.positionAt(time).catch((error: unknown) => {
          if (isPruned(error)) return -1;
          throw error;
        }),
    }),
  },
  'given pruned streams, when appended to, then revisions go on from those that are gone, also after reopening': {
    does: 'counts revisions anew behind a prune when it is opened again',
    make: (right, openings) => ({ revision: (stream) => (openings > 0 ? -1 : right.revision(stream)) }),
  },
  'given an idempotency key of an event that was pruned, when brought again, then it is known, also after reopening': {
    does: 'forgets keys of what was pruned',
    make: (right) => ({
      findIdempotent(key) {
        const found = right.findIdempotent(key);
        return found !== undefined && found < right.firstSeq ? undefined : found;
      },
    }),
  },
  'given a tag of an event that was pruned, when a condition asks for it, then it is known, also after reopening': {
    does: 'forgets tags when it is opened again',
    make: (right, openings) => ({ append: (request) => right.append(openings > 0 ? without(request, 'conditions') : request) }),
  },
  'given a follower that did not come far, when its next events are pruned, then it is told, or goes on without a gap': {
    does: 'has followers go on behind what was pruned',
    make: (right) => ({
      follow: (options) => butWherePruned(right.follow(options), () => right.follow({ ...options, from: right.firstSeq })),
    }),
  },
  'given reads that are made or under way, when their events are pruned, then they are told, or go on without a gap': {
    does: 'goes on reading behind what was pruned',
    make: (right) => ({ read: (options = {}) => butWherePruned(right.read(options), () => right.read(without(options, 'from'))) }),
  },
  'given verifications under way, when events are pruned, then these are no damage': {
    does: 'takes for damage what was pruned meanwhile',
    make: (right) => ({
      async verify(options) {
        const { firstSeq } = right;
        const verification = await right.verify(options);
        if (right.firstSeq === firstSeq) return verification;
        return { ...verification, damage: [{ from: firstSeq, to: right.firstSeq - 1, reason: 'missing' }] };
      },
    }),
  },
  'given pruned events, when verified, whole and incrementally, also after reopening, then the rest is, and the head is that of all': {
    does: 'counts what was pruned among what it checked',
    make: (right) => ({
      async verify(options) {
        const { from, events, ...rest } = await right.verify(options);
        return { from: 0, events: from + events, ...rest };
      },
    }),
  },
};
