import { suite } from 'uvu';
import { type Observed, ShiplogError, type VolumeDriver } from '@shiplog/contracts';
import { checksCanFail, replacing } from '@shiplog/test-support';
import { verbSuite } from './verb-suite.ts';

/** A driver's verbs instead of the right ones. */
type Wrong = (right: VolumeDriver) => Partial<VolumeDriver>;

const test = suite('wrong drivers of any family');

/** Volumes that are remembered and nothing else. */
function rightDriver(): VolumeDriver {
  const volumes = new Set<string>();
  const publications = new Map<string, string>();
  return {
    async create({ name }) {
      volumes.add(name);
      return {};
    },
    async publish({ name, path, consumer }) {
      publications.set(consumer, name);
      return { path };
    },
    async unpublish({ consumer }) {
      publications.delete(consumer);
      return {};
    },
    async remove({ name }) {
      volumes.delete(name);
      return {};
    },
    observe: async (): Promise<readonly Observed[]> => [
      ...[...volumes].map((id) => ({ resource: 'volume', id })),
      ...[...publications].map(([id, of]) => ({ resource: 'publication', id, of })),
    ],
  };
}

/** By what the kit checks. */
const WRONG: { readonly [check: string]: { readonly does: string; readonly make: Wrong } } = {
  'volume/mine: given every verb of its table, when they are called in order, then each answers what its contract says, as plain data': {
    does: 'answers what JSON would change',
    make: (right) => ({
      async publish(args, ctx) {
        return { ...(await right.publish(args, ctx)), since: new Date(0) };
      },
    }),
  },
  'volume/mine: given every verb, when it is repeated, then it answers the same': {
    does: 'answers with another path each time',
    make: (right) => {
      let times = 0;
      return {
        async publish(args, ctx) {
          times += 1;
          return { path: `${(await right.publish(args, ctx)).path}/${times}` };
        },
      };
    },
  },
  'volume/mine: given every verb, when it is called five times side by side, then all succeed': {
    does: 'refuses what it is doing already',
    make: (right) => {
      let isBusy = false;
      return {
        async create(args, ctx) {
          if (isBusy) throw new ShiplogError('DRIVER_FAILED', 'it is being made');
          isBusy = true;
          await Promise.resolve();
          return right.create(args, ctx).finally(() => {
            isBusy = false;
          });
        },
      };
    },
  },
  'volume/mine: given nothing, when it is undone, then that succeeds, twice': {
    does: 'refuses to remove what is not there',
    make: (right) => ({
      async remove(args, ctx) {
        if (!(await right.observe()).some(({ id }) => id === args.name)) throw new ShiplogError('NOT_FOUND', `no volume ${args.name}`);
        return right.remove(args, ctx);
      },
    }),
  },
  'volume/mine: given a verb that was done, when it is undone and done again, then that succeeds': {
    does: 'makes no volume a second time',
    make: (right) => {
      const removed = new Set<string>();
      return {
        async create(args, ctx) {
          if (removed.has(args.name)) throw new ShiplogError('DRIVER_FAILED', `${args.name} was removed`);
          return right.create(args, ctx);
        },
        async remove(args, ctx) {
          removed.add(args.name);
          return right.remove(args, ctx);
        },
      };
    },
  },
  'volume/mine: given a call that is canceled before it begins, when the same is called again, then that succeeds': {
    does: 'takes what was called off for something under way',
    make: (right) => {
      let isHeld = false;
      return {
        async create(args, ctx) {
          if (isHeld) throw new ShiplogError('DRIVER_FAILED', 'it is being made');
          isHeld = true;
          ctx.signal.throwIfAborted();
          isHeld = false;
          return right.create(args, ctx);
        },
      };
    },
  },
  'volume/mine: given what it holds, when it is asked, then it tells resources with their ids, and the same twice': {
    does: 'tells resources without ids',
    make: () => ({ observe: async () => [{ resource: 'volume', id: '' }] }),
  },
};

const volume = { name: 'data', driver: 'mine', path: '/volumes/data', options: {} };

checksCanFail<Wrong>({
  test,
  of: 'verbs',
  wrong: WRONG,
  kit: (check, wrong) =>
    verbSuite({
      test: check,
      kind: 'volume',
      name: 'mine',
      async factory() {
        const right = rightDriver();
        return {
          driver: replacing(right, wrong(right)),
          args: { create: volume, publish: { ...volume, consumer: 'c1' }, unpublish: { ...volume, consumer: 'c1' }, remove: volume },
          cleanup: async () => undefined,
        };
      },
    }),
});

test.run();
