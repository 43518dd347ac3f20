import { execFileSync } from 'node:child_process';
import { open, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf } from '@shiplog/contracts/testing';
import { isHole } from './sparse.ts';
import { checksumOf } from './tar-format.ts';
import { readTar, type TarOptions } from './tar-reader.ts';

const test = suite<{ home: string }>('sparse files');
const NAME = 'sparse';
const FORMATS = [['--format=gnu'], ['--format=posix', '--sparse-version=1.0'], ['--format=posix', '--sparse-version=0.1']] as const;

test.before.each(async (world) => {
  world.home = await mkdtemp(join(tmpdir(), 'shiplog-sparse-'));
});
test.after.each(async ({ home }) => rm(home, { recursive: true }));

/** A file of `length` bytes with a word at each of the offsets. */
async function made(home: string, length: number, ...offsets: readonly number[]): Promise<void> {
  const file = await open(join(home, NAME), 'w');
  await file.truncate(length);
  for (const offset of offsets) await file.write('word', offset);
  await file.close();
}

const packed = (home: string, format: readonly string[]): Buffer =>
  execFileSync('tar', ['-cSf', '-', ...format, '-C', home, NAME, NAME], { maxBuffer: 1 << 30 });

async function* chunked(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Content of each entry, and how many bytes of it are told as holes. */
async function read(
  bytes: Uint8Array,
  options: TarOptions = { sparse: true },
): Promise<readonly (readonly [string, number, Buffer, number])[]> {
  const found: (readonly [string, number, Buffer, number])[] = [];
  for await (const { name, size, content } of readTar(chunked(bytes), options)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    const holes = chunks.filter(isHole).reduce((sum, { length }) => sum + length, 0);
    found.push([name, size, Buffer.concat(chunks), holes]);
  }
  return found;
}

for (const format of FORMATS) {
  test(`given files that GNU tar wrote with ${format.join(' ')}, when they are read, then they are as they were, with their holes`, async ({
    home,
  }) => {
    for (const [length, ...offsets] of [
      [5_000_000, 0, 3_000_000],
      [3_000_004, 3_000_000],
      [2_000_000],
      // More parts than a header has room for.
      [4_000_000, ...Array.from({ length: 60 }, (_, at) => at * 65_536)],
    ] as const) {
      await made(home, length, ...offsets);
      const original = await readFile(join(home, NAME));
      const [first] = await read(packed(home, format));
      assert.equal([first?.[0], first?.[1]], [NAME, length]);
      assert.ok(first?.[2].equals(original), `${length} with ${offsets.length}`);
      assert.ok((first?.[3] ?? 0) > length / 2);
      // What is not read is passed over.
      const names: string[] = [];
      for await (const { name } of readTar(chunked(packed(home, format)), { sparse: true })) names.push(name);
      assert.is(names.length, 2);
    }
  });

  test(`given an archive with ${format.join(' ')}, when it is cut anywhere, or sparse files are not asked for, then it is ARCHIVE_INVALID`, async ({
    home,
  }) => {
    await made(home, 300_000, 0, 200_000);
    const bytes = packed(home, format);
    assert.is(await codeOf(read(bytes, {})), 'ARCHIVE_INVALID');
    const end = bytes.indexOf('word', bytes.indexOf('word') + 1);
    for (let cut = 512; cut < end; cut += 700) assert.is(await codeOf(read(bytes.subarray(0, cut))), 'ARCHIVE_INVALID', `cut at ${cut}`);
  });
}

test('given parts that overlap, lie outside of the file or are not what is stored, when they are read, then it is ARCHIVE_INVALID', async ({
  home,
}) => {
  await made(home, 300_000, 0, 200_000);
  const bytes = packed(home, FORMATS[0]);
  const refused = async (at: number, text: string): Promise<void> => {
    const forged = Buffer.from(bytes);
    forged.write(text, at, 'latin1');
    forged.write(`${checksumOf(forged.subarray(0, 512)).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    assert.is(await codeOf(read(forged)), 'ARCHIVE_INVALID', `${text} at ${at}`);
  };
  const octal = (value: number): string => value.toString(8).padStart(11, '0');
  assert.is((await read(bytes)).length, 2);
  // The second part's offset and length, and the file's length.
  await refused(410, octal(0));
  await refused(410, octal(299_999));
  await refused(422, octal(1));
  await refused(422, '77777777777');
  await refused(483, octal(100));
  await refused(483, `\u0080${'\u00ff'.repeat(11)}`);
  await refused(483, '\u0080\0\0\0\0\0\u0001\0\0\0\0\0');
  await refused(398, 'not a number');
});

test('given a list of parts without end, or one in words, when it is read, then it is ARCHIVE_INVALID', async ({ home }) => {
  await made(home, 300_000, 0, 200_000);
  const bytes = packed(home, FORMATS[1]);
  // The list is the first block of the entry's content.
  const start = bytes.indexOf('3\n0\n');
  assert.ok(start > 0);
  for (const text of ['999999999\n', 'three\n', '1'.repeat(500)]) {
    const forged = Buffer.from(bytes);
    forged.write(text, start, 'latin1');
    assert.is(await codeOf(read(forged)), 'ARCHIVE_INVALID', text);
  }
});

test.run();
