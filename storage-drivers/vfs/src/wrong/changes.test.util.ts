import { without } from '@shiplog/test-support';
import type { WrongDrivers } from './wrong.test.util.ts';

/** Drivers that are wrong about what differs: in telling it, and in making it the same */
export const CHANGES: WrongDrivers = {
  'given changes of every kind on two layers, when they are asked for, mounted or not, then each is told, and nothing else': {
    does: 'does not tell what was deleted',
    make: (right) => ({
      async changes(args, ctx) {
        const { changes } = await right.changes(args, ctx);
        return { changes: changes.filter(({ kind }) => kind !== 'deleted') };
      },
    }),
  },
  'given paths to ignore, when they were added, then they are not told; when they were there, they are': {
    does: 'tells what it is asked to ignore',
    make: (right) => ({ changes: (args, ctx) => right.changes({ ...args, ignore: [] }, ctx) }),
  },
  'given no parent, when changes are asked for, then all is added; given no snapshot, it fails SNAPSHOT_NOT_FOUND': {
    does: 'finds no changes where there is no snapshot',
    make: (right) => ({ changes: (args, ctx) => right.changes(args, ctx).catch(() => ({ changes: [] })) }),
  },
  'given a tree that differs from a layer in every way, when a snapshot is prepared like it, then it shows the same': {
    does: 'takes no notice of what a snapshot is to be like',
    make: (right) => ({ prepare: (args, ctx) => right.prepare(without(args, 'like'), ctx) }),
  },
  'given no parent, when a snapshot is prepared like a tree, then all of it is its own; the next start still has it': {
    does: 'makes a snapshot like a tree only on a layer',
    make: (right) => ({ prepare: (args, ctx) => right.prepare(args.parent === undefined ? without(args, 'like') : args, ctx) }),
  },
  'given a tree that is not there, when a snapshot is to be like it, then preparing fails and leaves nothing': {
    does: 'makes an empty snapshot where there is nothing to be like',
    make: (right) => ({
      prepare: (args, ctx) => right.prepare(args, ctx).catch(() => right.prepare(without(args, 'like'), ctx)),
    }),
  },
};
