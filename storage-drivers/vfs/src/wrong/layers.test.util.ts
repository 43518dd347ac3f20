import { chmod, lchown, lstat, mkdir, readFile, rename, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { caughtBy, without } from '@shiplog/test-support';
import { reading } from './tar-entries.test.util.ts';
import { kernel, shown, type Wrong, type WrongDrivers } from './wrong.test.util.ts';

/** Drivers that are wrong in what a layer shows */
export const LAYERS: WrongDrivers = {
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
  'given a layer, when it is applied, then what is told of its blob is so; by another blob, then what it was made from is told': {
    does: 'tells of any blob that the layer was made from it',
    make: (right) => ({
      async applyLayer(args, ctx) {
        const answer = await right.applyLayer(args, ctx);
        return args.digest === undefined ? answer : { ...answer, digest: args.digest };
      },
    }),
  },
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
    {
      does: 'forgets the parent of a layer',
      make: (right) => ({ applyLayer: (args, ctx) => right.applyLayer(without(args, 'parent'), ctx) }),
    },
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
};
