// time limit: 600 s
import { createHash, randomBytes } from 'node:crypto';
import {
  access,
  chmod,
  cp,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { suite } from 'uvu';
import { wrongCrashes } from '@shiplog/conformance/crash/wrong';
import { storageSuite } from '@shiplog/conformance/storage';
import { createContext, ShiplogError, type StorageDriver } from '@shiplog/contracts';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { caughtBy, checksCanFail, replacing, silentLogger, temporaryDirectory, without } from '@shiplog/test-support';
import { VfsDriver } from './vfs-driver.ts';

interface Host {
  readonly stateDir: string;
  /** What drivers of one host remember together. */
  readonly memory: Map<string, unknown>;
}

/** A driver's verbs instead of the right ones. */
type Wrong = (right: StorageDriver, host: Host) => Partial<StorageDriver>;
type Args<V extends 'applyLayer' | 'prepare' | 'mount' | 'unmount' | 'remove'> = Parameters<StorageDriver[V]>[0];

const kernel = createKernel();
const test = suite('wrong storage drivers');

/** Does something to each tree when it is shown. */
const shown =
  (spoil: (path: string, stats: Stats) => Promise<unknown>): Wrong =>
  (right) => ({
    async mount(args, ctx) {
      const answer = await right.mount(args, ctx);
      for (const path of ['.', ...(await readdir(args.target, { recursive: true }))].toReversed()) {
        const full = join(args.target, path);
        await spoil(full, await lstat(full));
      }
      return answer;
    },
  });

/** One entry of a tar, with the headers before it that belong to it. */
interface Entry {
  readonly path: string;
  readonly flag: string;
  readonly linkTarget: string;
  readonly blocks: Buffer;
}

/** Reads layers as other ones. Blobs that are no plain tar are taken as they are. */
const reading =
  (change: (entries: readonly Entry[], args: Args<'applyLayer'>) => readonly Entry[]): Wrong =>
  (right) => ({
    async applyLayer(args, ctx) {
      const entries = entriesOf(await readFile(args.source));
      const tar = Buffer.concat([...change(entries, args).map(({ blocks }) => blocks), Buffer.alloc(1024)]);
      const source = `${args.source}-${randomBytes(4).toString('hex')}`;
      await writeFile(source, tar);
      const { bytes } = await right.applyLayer({ ...args, source, diffId: digestOf(tar) }, ctx);
      return { diffId: args.diffId, bytes };
    },
  });

function entriesOf(tar: Buffer): Entry[] {
  const entries: Entry[] = [];
  const text = (block: Buffer, from: number, to: number): string => block.toString('utf8', from, to).replace(/\0.*$/s, '');
  for (let at = 0, begin = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + 512);
    const size = Number.parseInt(text(header, 124, 136), 8);
    const flag = text(header, 156, 157);
    at += 512 + Math.ceil(size / 512) * 512;
    if (flag === 'x') continue;
    entries.push({ path: text(header, 0, 100), flag, linkTarget: text(header, 157, 257), blocks: tar.subarray(begin, at) });
    begin = at;
  }
  return entries;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const withoutParent: Wrong = (right) => ({ applyLayer: (args, ctx) => right.applyLayer(without(args, 'parent'), ctx) });

/** Trees of all snapshots but `key`. */
async function othersThan(key: string, { stateDir }: Host): Promise<readonly string[]> {
  const found: string[] = [];
  for (const kind of ['layers', 'active'])
    for (const name of await readdir(join(stateDir, kind))) if (name !== key) found.push(join(stateDir, kind, name, 'tree'));
  return found;
}

const short = <A extends { readonly key: string }>(args: A): A => ({ ...args, key: args.key.slice(0, 200) });

/** By what the kit checks. */
const WRONG = {
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
  'given changes of every kind on two layers, when they are asked for, mounted or not, then each is told, and nothing else': {
    does: 'does not tell what was deleted',
    make: (right) => ({
      async changes(args, ctx) {
        const { changes } = await right.changes(args, ctx);
        return { changes: changes.filter(({ kind }) => kind !== 'deleted') };
      },
    }),
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
  'given no quotas, when a snapshot of a size is asked for, then it fails NOT_SUPPORTED without trace': {
    does: 'takes no notice of a size',
    make: (right) => ({ prepare: (args, ctx) => right.prepare(without(args, 'sizeBytes'), ctx) }),
  },
  'given paths to ignore, when they were added, then they are not told; when they were there, they are': {
    does: 'tells what it is asked to ignore',
    make: (right) => ({ changes: (args, ctx) => right.changes({ ...args, ignore: [] }, ctx) }),
  },
  'given no parent, when changes are asked for, then all is added; given no snapshot, it fails SNAPSHOT_NOT_FOUND': {
    does: 'finds no changes where there is no snapshot',
    make: (right) => ({ changes: (args, ctx) => right.changes(args, ctx).catch(() => ({ changes: [] })) }),
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

  ...caughtBy<Wrong>(
    [
      'given a file, when its layer is shown, then content, owner, mode and time to the nanosecond are kept',
      'given a fifo, when its layer is shown, then it is one',
      'given a hard link into a lower layer, when its layer is shown, then it has that content',
      'given a symbolic link, when its layer is shown, then target, owner and time are kept',
      "given a layer that names its root, when it is shown, then the root has that layer's mode and owner",
      'given a lower directory that the upper layer takes for granted, when it is shown, then its mode and owner stay',
      'given a lower directory, when the upper layer has it too, then they merge and the upper attributes hold',
    ],
    { does: 'gives everything to root', make: shown((path) => lchown(path, 0, 0)) },
  ),
  'given setuid, setgid and sticky bits, when their layer is shown, then they are kept': {
    does: 'takes permissions for the whole mode',
    make: shown((path, stats) => (stats.isSymbolicLink() ? Promise.resolve() : chmod(path, stats.mode & 0o777))),
  },
  'given a setgid directory, when files lie in it, then their group is what the tar says': {
    does: 'lets directories give their group on',
    make: shown(async (path, stats) => {
      const { gid, mode } = await lstat(dirname(path));
      if ((mode & 0o2000) !== 0) await lchown(path, stats.uid, gid);
    }),
  },
  'given character and block devices, when their layer is shown, then their numbers are kept': {
    does: 'puts files in the place of devices',
    make: shown(async (path, stats) => {
      if (!stats.isCharacterDevice() && !stats.isBlockDevice()) return;
      await unlink(path);
      await writeFile(path, '');
    }),
  },
  'given extended attributes, when their layer is shown, then they are kept, file capabilities too': {
    does: 'keeps no extended attributes',
    make: shown(async (path, stats) => {
      if (stats.isFile()) for (const name of await kernel.files.listXattrs(path)) await kernel.files.removeXattr(path, name);
    }),
  },
  'given hard links across directories, when their layer is shown, then they are one file': {
    does: 'makes copies of hard links',
    make: shown(async (path, stats) => {
      if (!stats.isFile() || stats.nlink === 1) return;
      const content = await readFile(path);
      await unlink(path);
      await writeFile(path, content);
      await chmod(path, stats.mode);
    }),
  },
  'given a hard link to a symbolic link, when its layer is shown, then the link itself has two names': {
    does: 'follows symbolic links that have two names',
    make: shown(async (path, stats) => {
      if (!stats.isSymbolicLink() || stats.nlink === 1) return;
      await unlink(path);
      await writeFile(path, '');
    }),
  },
  'given directories with times, when files are made in them later, then the times are kept': {
    does: 'forgets the times of directories',
    make: shown((path, stats) => (stats.isDirectory() ? utimes(path, 1, 1) : Promise.resolve())),
  },
  'given a read-only directory, when files lie in it, then they are written all the same': {
    does: 'leaves directories writable',
    make: shown((path, stats) => (stats.isDirectory() ? chmod(path, stats.mode | 0o200) : Promise.resolve())),
  },
  'given files in directories that no entry makes, when the layer is shown, then the directories are there': {
    does: 'makes directories that no entry makes for root alone',
    make: shown((path, stats) => (stats.isDirectory() ? chmod(path, 0o700) : Promise.resolve())),
  },
  'given a lower symbolic link to a directory, when the upper layer writes beneath it, then the directory has it': {
    does: 'puts a directory in the place of a link',
    make: shown(async (path, stats) => {
      if (!stats.isSymbolicLink()) return;
      await unlink(path);
      await mkdir(path);
    }),
  },
  'given a tar under gzip or zstd, when it is applied, then it is as the plain one': {
    does: 'reads plain tars only',
    make: (right) => ({
      async applyLayer(args, ctx) {
        const magic = (await readFile(args.source)).toString('latin1', 257, 262);
        if (magic !== 'ustar') throw new ShiplogError('ARCHIVE_INVALID', `${args.source} is no tar`);
        return right.applyLayer(args, ctx);
      },
    }),
  },
  ...caughtBy<Wrong>(
    [
      'given an empty tar, when it is applied, then the layer shows its parent',
      'given one parent, when ten layers are applied on it at once, then each is itself',
    ],
    { does: 'forgets the parent of a layer', make: withoutParent },
  ),
  'given a file larger than any buffer and many small ones, when they are applied, then all content is kept': {
    does: 'keeps a megabyte of each file',
    make: shown((path, stats) => (stats.isFile() && stats.size > 2 ** 20 ? truncate(path, 2 ** 20) : Promise.resolve())),
  },
  'given odd names, when they are applied, then they are kept': {
    does: 'takes line ends out of names',
    make: shown((path) =>
      basename(path).includes('\n') ? rename(path, join(dirname(path), basename(path).replaceAll('\n', ' '))) : Promise.resolve(),
    ),
  },
  'given one name twice in a layer, when it is shown, then the last one holds': {
    does: 'takes the first of two entries',
    make: reading((entries) => entries.filter(({ path }, index) => entries.findIndex((one) => one.path === path) === index)),
  },
  'given a lower file of each kind, when the upper layer has another kind, then that replaces it': {
    does: 'puts no link in the place of something else',
    make: reading((entries, { parent }) => (parent === undefined ? entries : entries.filter(({ flag }) => flag !== '2'))),
  },
  ...caughtBy<Wrong>(
    [
      'given whiteouts of a file, a directory and nothing, when the layer is shown, then those are gone',
      'given a whiteout and the same name in one layer, when it is shown, then only the new one is there, in either order',
      'given a name that comes, goes and comes over three layers, when each is shown, then each is right',
      'given 64 layers, when the topmost is shown, then each has its say and the last word on shared names',
    ],
    {
      does: 'knows no whiteouts',
      make: reading((entries) => entries.filter(({ path }) => !/(^|\/)\.wh\.(?!\.wh\.)/.test(path))),
    },
  ),
  'given an opaque directory, when it is shown, then nothing of the lower layers is in it, in either order': {
    does: 'knows no opaque directories',
    make: reading((entries) => entries.filter(({ path }) => !path.endsWith('.wh..wh..opq'))),
  },

  ...caughtBy<Wrong>(
    [
      'given the entry ../escaped, when it is applied, then it fails ARCHIVE_ESCAPES without trace',
      'given the entry a/../../escaped, when it is applied, then it fails ARCHIVE_ESCAPES without trace',
      'given the entry a/b/../../../../escaped, when it is applied, then it fails ARCHIVE_ESCAPES without trace',
      'given a hard link by .. to outside, when it is applied, then it fails ARCHIVE_ESCAPES without trace',
      'given an absolute hard link, when it is applied, then it means a file of the layer and never one of the host',
      'given a hard link through a symbolic link to outside, when it is applied, then the host file gets no name',
      'given symbolic links in a circle, when an entry lies beneath them, then it fails without trace',
      'given a file beneath a file, when it is applied, then it fails ARCHIVE_INVALID without trace',
      'given a hard link to nothing, when it is applied, then it fails ARCHIVE_INVALID without trace',
      'given a tar cut short, when it is applied, then it fails ARCHIVE_INVALID without trace',
      'given a tar with a wrong checksum, when it is applied, then it fails ARCHIVE_INVALID without trace',
      'given a gzip cut short, when it is applied, then it fails ARCHIVE_INVALID without trace',
      'given another digest, when a layer is applied, then it fails DIGEST_MISMATCH without trace, and then succeeds by the right one',
      'given no blob, when it is applied, then it fails PATH_NOT_FOUND or BLOB_NOT_FOUND without trace',
    ],
    {
      does: 'takes any layer for a good one',
      make: (right) => ({
        applyLayer: (args, ctx) => right.applyLayer(args, ctx).catch(() => ({ diffId: args.diffId, bytes: 0 })),
      }),
    },
  ),
  'given an absolute path, when it is applied, then it lies beneath the root': {
    does: 'leaves absolute paths out',
    make: reading((entries) => entries.filter(({ path }) => !path.startsWith('/'))),
  },
  'given a symbolic link to /, when entries lie beneath it, then they land in the root (CVE-2014-6407)': {
    does: 'leaves out what lies beneath links',
    make: reading((entries) => entries.filter(({ path }) => !entries.some((one) => one.flag === '2' && path.startsWith(`${one.path}/`)))),
  },
  ...caughtBy<Wrong>(
    [
      'given a symbolic link to a host directory, when entries lie beneath it, then that gets nothing',
      'given a symbolic link of a lower layer to a host directory, when the upper layer writes there, then that gets nothing',
      'given a symbolic link of the same name as a file, when both are applied, then the file does not go through it',
      'given a symbolic link in the place of a directory, when more is written by the old name, then it stays inside',
    ],
    {
      does: 'writes through links that lead out',
      make: (right) => ({
        async applyLayer(args, ctx) {
          const outside = join(dirname(args.source), 'outside');
          for (const name of ['victim', 'planted']) await writeFile(join(outside, name), 'written');
          return right.applyLayer(args, ctx);
        },
      }),
    },
  ),
  "given overlayfs's own attributes in a layer, when it is shown, then they hide nothing": {
    does: "heeds overlayfs's attributes in layers",
    make: (right) => ({
      async applyLayer({ parent, ...args }, ctx) {
        const isOpaque = (await readFile(args.source)).includes('trusted.overlay.opaque');
        return right.applyLayer(parent === undefined || isOpaque ? args : { ...args, parent }, ctx);
      },
    }),
  },
  'given bytes after the end of the tar, when it is applied, then they count for the digest': {
    does: 'reads a tar to its end and no further',
    make: (right) => ({
      async applyLayer(args, ctx) {
        const blob = await readFile(args.source);
        const digest = digestOf(
          blob.subarray(
            0,
            entriesOf(blob).reduce((sum, { blocks }) => sum + blocks.length, 1024),
          ),
        );
        if (digest !== args.diffId) throw new ShiplogError('DIGEST_MISMATCH', `the layer is ${digest}`);
        return right.applyLayer(args, ctx);
      },
    }),
  },

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
} satisfies { readonly [check: string]: { readonly does: string; readonly make: Wrong } };

const CRASHES = wrongCrashes('storage', ['applyLayer', 'applyLayer', 'prepare', 'mount', 'unmount', 'remove', 'remove', 'remove'], 'mount');
const dying = Object.fromEntries(
  Object.entries(CRASHES).map(([check, { does, make }]): [string, { does: string; make: Wrong }] => [
    check,
    { does, make: (right, { stateDir, memory }) => make(right, { directory: stateDir, memory }) },
  ]),
);

checksCanFail<Wrong>({
  test,
  of: 'storage',
  wrong: { ...WRONG, ...dying },
  kit: (check, wrong) =>
    storageSuite({
      test: check,
      async factory() {
        const temporary = await temporaryDirectory('shiplog-wrong-');
        const [stateDir, runDir, scratch] = ['state', 'run', 'scratch'].map((name) => join(temporary.path, name)) as [
          string,
          string,
          string,
        ];
        for (const directory of [stateDir, runDir, scratch]) await mkdir(directory);
        const { home } = createTestServices({ kernel, stateDir, runDir });
        const host: Host = { stateDir, memory: new Map() };
        const make = (): StorageDriver => {
          const right: StorageDriver = new VfsDriver(kernel, home, silentLogger);
          return replacing(right, wrong(right, host));
        };
        return {
          driver: make(),
          kernel,
          scratch,
          stateDir,
          restart: async () => make(),
          async cleanup() {
            // A wrong driver may leave mounts, and bind mounts of the tree are below the scratch directory.
            for (const { target } of (await kernel.mounts.list()).toReversed())
              if (target.startsWith(`${temporary.path}/`)) await kernel.mounts.unmount(target);
            await temporary.cleanup();
          },
        };
      },
    }),
});

test.after(async () => kernel[Symbol.asyncDispose]());
test.run();
