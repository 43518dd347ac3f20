import type { WrongLogs } from './wrong.test.util.ts';

/** Logs that are wrong in how events move into archives. */
export const SEALING: WrongLogs = {
  'given events, when sealed before a position, then what is told follows on and reaches as far as was promised': {
    does: 'promises to seal everything before a position',
    make: () => ({ sealable: (before) => before }),
  },
  'given sealed events, when read in any way, also after reopening, then every answer is as before': {
    does: 'reads what is not sealed alone',
    make: (right) => ({ read: (options = {}) => right.read({ ...options, from: Math.max(options.from ?? 0, right.sealedSeq + 1) }) }),
  },
  'given events that are sealed, when sealed again, or on from where somebody left, then none moves twice': {
    does: 'tells what was sealed before once more',
    make: (right) => ({
      async *seal(before) {
        if (right.sealedSeq >= 0) yield { first: 0, last: right.sealedSeq };
        yield* right.seal(before);
      },
    }),
  },
  'given several who seal at once, when all are done, then each event was moved once': {
    does: 'tells everybody who seals of all that is sealed',
    make: (right) => ({
      async *seal(before) {
        for await (const _ of right.seal(before));
        yield { first: 0, last: right.sealedSeq };
      },
    }),
  },
  'given a follower from the beginning, when events are appended and sealed before its eyes, then it gets each once': {
    does: 'has followers jump over what was sealed',
    make: (right) => ({
      async *follow(options) {
        for await (const event of right.follow(options)) if (event.seq > right.sealedSeq) yield event;
      },
    }),
  },
  'given a position beyond the end, or none, when sealed, then what is durable moves at the most, or REQUEST_INVALID': {
    does: 'makes a position of any number',
    make: (right) => ({
      seal: (before) => right.seal(Math.max(0, Math.trunc(before) || 0)),
      sealable: (before) => right.sealable(Math.max(0, Math.trunc(before) || 0)),
    }),
  },
  'given a log without archives, when it is to seal or prune, then nothing moves, and it says so': {
    does: 'takes a prune that it cannot do for done',
    make: () => ({ prune: async () => undefined }),
  },
};
