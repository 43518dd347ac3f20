import { access, chmod, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError, type StorageDriver } from '@shiplog/contracts';
import { caughtBy, without } from '@shiplog/test-support';
import { kernel, shown, othersThan, type Wrong, type WrongDrivers } from './wrong.test.util.ts';

const short = <A extends { readonly key: string }>(args: A): A => ({ ...args, key: args.key.slice(0, 200) });

/** Drivers that are wrong in the life of a snapshot */
export const LIFE_CYCLE: WrongDrivers = {
  'given an empty state, when it is observed, then there is nothing': {
    does: 'sees what is not there',
    make: () => ({ observe: async () => [{ resource: 'snapshot', id: 'none' }] }),
  },
  'given a tar, when it is applied, then the answer is its diff id and the bytes of its files': {
    does: 'counts the blocks of a tar for bytes of its files',
    make: (right) => ({
      async applyLayer(args, ctx) {
        const { diffId, bytes } = await right.applyLayer(args, ctx);
        return { diffId, bytes: Math.ceil(bytes / 512) * 512 };
      },
    }),
  },
  'given a layer, when it is applied again, then the answer is the same and the blob is not needed': {
    does: 'wants the blob each time',
    make: (right) => ({
      async applyLayer(args, ctx) {
        await access(args.source);
        return right.applyLayer(args, ctx);
      },
    }),
  },
  'given a layer, when its key is applied with another diff id, then it fails and the layer stays': {
    does: 'takes a known key for known content',
    make: (right, { memory }) => ({
      async applyLayer(args, ctx) {
        if (memory.has(args.key)) return { diffId: args.diffId, bytes: 0 };
        memory.set(args.key, true);
        return right.applyLayer(args, ctx);
      },
    }),
  },
  ...caughtBy<Wrong>(
    [
      'given no such layer, when a layer is applied on it, then it fails SNAPSHOT_NOT_FOUND without trace',
      'given no such layer, when a snapshot is prepared on it, then it fails SNAPSHOT_NOT_FOUND without trace',
      'given an active snapshot, when it is taken for a parent, then it fails SNAPSHOT_NOT_FOUND',
    ],
    {
      does: 'takes a parent that is missing for none',
      make: (right) => ({
        applyLayer: (args, ctx) => right.applyLayer(without(args, 'parent'), ctx),
        prepare: (args, ctx) => right.prepare(without(args, 'parent'), ctx),
      }),
    },
  ),
  'given a layer, when it is mounted itself, then it fails SNAPSHOT_NOT_FOUND and there is no target': {
    does: 'leaves the target when mounting fails',
    make: (right) => ({
      async mount(args, ctx) {
        await mkdir(args.target, { recursive: true });
        return right.mount(args, ctx);
      },
    }),
  },
  'given no snapshot, when it is mounted, then it fails SNAPSHOT_NOT_FOUND without trace': {
    does: 'keeps a note of each failure',
    make: (right, { stateDir }) => ({
      async mount(args, ctx) {
        try {
          return await right.mount(args, ctx);
        } catch (error) {
          await mkdir(join(stateDir, 'failed'), { recursive: true });
          throw error;
        }
      },
    }),
  },
  'given no parent, when a snapshot is prepared and mounted, then it is empty and writable': {
    does: 'keeps a file of its own in each tree',
    make: (right) => ({
      async mount(args, ctx) {
        const answer = await right.mount(args, ctx);
        await writeFile(join(args.target, '.driver'), '');
        return answer;
      },
    }),
  },
  'given no parent, when a snapshot is mounted, then others may enter its root': {
    does: 'lets nobody but root into its trees',
    make: shown((path, stats) => (stats.isDirectory() ? chmod(path, 0o700) : Promise.resolve())),
  },
  'given a prepared snapshot with changes, when it is prepared again, then the changes stay': {
    does: 'prepares anew what is prepared',
    make: (right, { stateDir, memory }) => ({
      async prepare(args, ctx) {
        const answer = await right.prepare(args, ctx);
        const tree = join(stateDir, 'active', args.key, 'tree');
        if (memory.has(args.key)) for (const name of await readdir(tree)) await rm(join(tree, name), { recursive: true });
        memory.set(args.key, true);
        return answer;
      },
    }),
  },
  'given a mounted snapshot, when it is mounted again, then the answer is the same and it is mounted once': {
    does: 'counts how often it mounted',
    make(right) {
      let times = 0;
      return {
        async mount(args, ctx) {
          const { mounts } = await right.mount(args, ctx);
          times += 1;
          return { mounts: mounts.map((mount) => ({ ...mount, options: [...mount.options, `times=${times}`] })) };
        },
      };
    },
  },
  'given a snapshot, when it is mounted, then the answer says what was mounted where': {
    does: 'does not say what it mounted',
    make: (right) => ({
      async mount(args, ctx) {
        await right.mount(args, ctx);
        return { mounts: [] };
      },
    }),
  },
  'given something else at the target, when a snapshot is mounted there, then it fails and that stays': {
    does: 'takes whatever is mounted for its own',
    make: (right) => ({
      async mount(args, ctx) {
        const found = (await kernel.mounts.list()).some(({ target }) => target === args.target);
        return found ? { mounts: [] } : right.mount(args, ctx);
      },
    }),
  },
  'given a mounted snapshot, when it is unmounted, then the target is gone and the content stays': {
    does: 'leaves the target when it unmounts',
    make: (right) => ({
      async unmount(args, ctx) {
        const answer = await right.unmount(args, ctx);
        await mkdir(args.target, { recursive: true });
        return answer;
      },
    }),
  },
  ...caughtBy<Wrong>(
    [
      'given nothing mounted, when a snapshot is unmounted once and twice, then that is well',
      'given a crash between directory and mount, when the snapshot is unmounted, then the empty target goes',
    ],
    {
      does: 'refuses to unmount what is not mounted',
      make: (right) => ({
        async unmount(args, ctx) {
          if (!(await kernel.mounts.list()).some(({ target }) => target === args.target))
            throw new ShiplogError('DRIVER_FAILED', `nothing is mounted at ${args.target}`);
          return right.unmount(args, ctx);
        },
      }),
    },
  ),
  'given no snapshot, when it is removed once and twice, then that is well': {
    does: 'refuses to remove what is not there',
    make: (right) => ({
      async remove(args, ctx) {
        if (!(await right.observe()).some(({ id }) => id === args.key)) throw new ShiplogError('SNAPSHOT_NOT_FOUND', args.key);
        return right.remove(args, ctx);
      },
    }),
  },
  ...caughtBy<Wrong>(
    [
      'given layer and snapshot, when they are removed, then nothing is left',
      'given a mounted snapshot, when it is removed, then its mount goes too',
      'given a removed snapshot, when its key is prepared again, then it is empty',
      'given one key, when everything is asked of it at once and twice, then the last state is a whole one',
      'given twenty containers on one layer, when they live at once, then they are strangers and nothing is left',
    ],
    { does: 'removes nothing', make: () => ({ remove: async () => ({}) }) },
  ),
  'given a removed layer, when it is applied again, then it is as before': {
    does: 'remembers layers that were removed',
    make: (right, { memory }) => ({
      async applyLayer(args, ctx) {
        const before = memory.get(args.key) as Awaited<ReturnType<StorageDriver['applyLayer']>> | undefined;
        const answer = before ?? (await right.applyLayer(args, ctx));
        memory.set(args.key, answer);
        return answer;
      },
    }),
  },
  'given writes in an active snapshot, when another is prepared on the layer, then it does not see them': {
    does: 'prepares a copy of the snapshot before it',
    make: (right, { stateDir, memory }) => ({
      async prepare(args, ctx) {
        const answer = await right.prepare(args, ctx);
        const before = memory.get('before');
        if (typeof before === 'string')
          await cp(join(stateDir, 'active', before, 'tree'), join(stateDir, 'active', args.key, 'tree'), { recursive: true });
        memory.set('before', args.key);
        return answer;
      },
    }),
  },
  ...caughtBy<Wrong>(
    [
      'given two snapshots on one layer, when one is removed, then the other is whole',
      'given a layer removed out of a tree of layers, when its sibling is shown, then that is whole',
    ],
    {
      does: 'removes what others have, too',
      make: (right, host) => ({
        async remove(args, ctx) {
          for (const tree of await othersThan(args.key, host))
            for (const name of await readdir(tree)) await rm(join(tree, name), { recursive: true });
          return right.remove(args, ctx);
        },
      }),
    },
  ),
  'given layers, snapshots and mounts, when they are observed, then each is listed once by its key': {
    does: 'sees everything twice',
    make: (right) => ({ observe: async () => [...(await right.observe()), ...(await right.observe())] }),
  },
  'given a restart, when the driver is observed and used, then everything is as it was': {
    does: 'sees what it made itself',
    make(right) {
      const made = new Set<string>();
      return {
        applyLayer(args, ctx) {
          made.add(args.key);
          return right.applyLayer(args, ctx);
        },
        prepare(args, ctx) {
          made.add(args.key);
          return right.prepare(args, ctx);
        },
        observe: async () => (await right.observe()).filter(({ id }) => made.has(id)),
      };
    },
  },
  ...caughtBy<Wrong>(
    [
      'given a snapshot, when it is measured, then bytes and inodes are its own',
      'given hard links, when a layer is measured, then the file counts once',
    ],
    {
      does: 'counts the root of a tree',
      make: (right) => ({
        async usage(args, ctx) {
          const { bytes, inodes } = await right.usage(args, ctx);
          return { bytes, inodes: inodes + 1 };
        },
      }),
    },
  ),
  'given no snapshot, when it is measured, then it fails SNAPSHOT_NOT_FOUND': {
    does: 'measures what is not there',
    make: () => ({ usage: async () => ({ bytes: 0, inodes: 0 }) }),
  },
  'given the longest key allowed, when it lives its life, then nothing is too long': {
    does: 'shortens keys',
    make: (right) => ({
      prepare: (args, ctx) => right.prepare(short(args), ctx),
      mount: (args, ctx) => right.mount(short(args), ctx),
      unmount: (args, ctx) => right.unmount(short(args), ctx),
      remove: (args, ctx) => right.remove(short(args), ctx),
    }),
  },
  'given no quotas, when a snapshot of a size is asked for, then it fails NOT_SUPPORTED without trace': {
    does: 'takes no notice of a size',
    make: (right) => ({ prepare: (args, ctx) => right.prepare(without(args, 'sizeBytes'), ctx) }),
  },
};
