import { createContext, ShiplogError } from '@shiplog/contracts';
import { caughtBy } from '@shiplog/test-support';
import type { Wrong, WrongDrivers } from './wrong.test.util.ts';

/** Drivers that are wrong when much is asked at once, or no more */
export const CONCURRENCY: WrongDrivers = {
  'given one layer, when it is applied five times at once, then all get the same answer and it is there once': {
    does: 'refuses what it is doing already',
    make(right) {
      const busy = new Set<string>();
      return {
        async applyLayer(args, ctx) {
          if (busy.has(args.key)) throw new ShiplogError('DRIVER_FAILED', `${args.key} is being made`);
          busy.add(args.key);
          return right.applyLayer(args, ctx).finally(() => busy.delete(args.key));
        },
      };
    },
  },
  ...caughtBy<Wrong>(
    [
      'given a cancelled operation, when a verb is called, then it fails CANCELED without trace',
      'given a deadline, when it passes in the middle of a layer, then the error is the deadline and nothing stays',
    ],
    {
      does: 'is deaf to cancellation',
      make: (right) => ({
        applyLayer: (args) => right.applyLayer(args, createContext({ op: 'deaf', signal: new AbortController().signal })),
      }),
    },
  ),
};
