import type { Boundary, Bounded } from '@shiplog/contracts';
import type { WrongLogs } from './wrong.test.util.ts';

/** Logs that are wrong in how events go for good. */
export const PRUNING: WrongLogs = {
  'given archives, when asked what could go, then it is what is sealed and before the position, and nothing else can be pruned': {
    does: 'would let events go that are not sealed',
    make: () => ({ prunable: (before) => before }),
  },
  'given events that are to go, when what stands for them is recorded, then it is by its hashes, once, and all events are there': {
    does: 'records what stands for events when they are gone',
    make: (right) => ({
      async prune(first, state, bounded) {
        const late: Bounded[] = [];
        await right.prune(first, state, async (hashes) => void late.push(hashes));
        for (const hashes of late) await bounded(hashes);
      },
    }),
  },
  'given a prune whose record fails, when it ends, then with that failure, and all events are there, also after reopening': {
    does: 'prunes what could not be recorded',
    make: (right) => ({
      prune: (first, state, bounded) => right.prune(first, state, (hashes) => bounded(hashes).catch(() => undefined)),
    }),
  },
  'given a prune that was cut off behind its record, when opened again, then all events are there, and it can be done again': {
    does: 'takes for done what was recorded, when it is opened',
    make: (right, openings) => ({
      async *read(options) {
        let first = 0;
        if (openings > 0) for await (const event of right.read()) if (event.type === 'log.bounded') ({ first } = event.data);
        for await (const event of right.read(options)) if (event.seq >= first) yield event;
      },
    }),
  },
  'given a state, when events are pruned, then it stands for them until more are, also after reopening': {
    does: 'goes on with the first state that stood for anything',
    make(right) {
      let kept: Boundary | undefined;
      return {
        async boundary() {
          kept ??= await right.boundary();
          return kept;
        },
      };
    },
  },
  'given events that were pruned, when they are again, or fewer are, then nothing is recorded and nothing changes': {
    does: 'records a prune that removes nothing',
    make: (right) => ({
      async prune(first, state, bounded) {
        if (first <= right.firstSeq) await bounded({ first, state: '', index: '' });
        await right.prune(first, state, bounded);
      },
    }),
  },
  'given a log that was pruned, when it lives on, then more is sealed and pruned': {
    does: 'prunes once',
    make: (right) => ({
      async prune(first, state, bounded) {
        if (right.firstSeq === 0) await right.prune(first, state, bounded);
      },
    }),
  },
  'given archives, when asked what events take on the disk, then later ones take no more, what is pruned nothing, and none is no position':
    {
      does: 'counts all events whichever are asked for',
      make: (right) => ({ storedBytes: () => right.storedBytes(0) }),
    },
  'given somebody who follows, when asked who lags behind, then the first position is told that one has not been given': {
    does: 'knows of nobody who follows',
    make: () => ({ followedSeq: undefined }),
  },
  'given events that somebody holds, when they are to be pruned, then nothing happens until they are given up, or overtaken': {
    does: 'prunes what is held',
    make: (right) => ({
      prune: (first, state, bounded) => right.prune(first, state, bounded, { overtake: true }),
    }),
  },
  'given events that are going, when somebody would hold them, then they hold what stays, and are refused what goes': {
    does: 'lets them hold what goes',
    make: (right) => ({
      hold: (from = right.firstSeq) => ({ next: from, advance: () => undefined, [Symbol.dispose]: () => undefined }),
    }),
  },
  'given a prune that failed, when somebody holds what stayed, then they may': {
    does: 'takes for gone what it could not prune',
    make(right) {
      let first = 0;
      return {
        prune(to, state, bounded) {
          first = to;
          return right.prune(to, state, bounded);
        },
        hold: (from = first) => right.hold(from),
      };
    },
  },
};
