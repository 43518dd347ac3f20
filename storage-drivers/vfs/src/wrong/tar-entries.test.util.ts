import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { StorageDriver } from '@shiplog/contracts';
import type { Wrong } from './wrong.test.util.ts';

/** One entry of a tar, with the headers before it that belong to it. */
export interface Entry {
  readonly path: string;
  readonly flag: string;
  readonly linkTarget: string;
  readonly blocks: Buffer;
}

/** Reads layers as other ones. Blobs that are no plain tar are taken as they are. */
export const reading =
  (change: (entries: readonly Entry[], args: Parameters<StorageDriver['applyLayer']>[0]) => readonly Entry[]): Wrong =>
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

export function entriesOf(tar: Buffer): Entry[] {
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

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
