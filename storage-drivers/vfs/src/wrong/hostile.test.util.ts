import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { caughtBy } from '@shiplog/test-support';
import { reading, entriesOf, digestOf } from './tar-entries.test.util.ts';
import type { Wrong, WrongDrivers } from './wrong.test.util.ts';

/** Drivers that trust layers too much, or refuse good ones */
export const HOSTILE: WrongDrivers = {
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
      'given data after the end of a gzip, when it is applied, then it fails ARCHIVE_INVALID without trace',
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
};
