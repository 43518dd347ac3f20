import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import { type Header, pack } from 'tar-stream';
import { type ErrorCode, ShiplogError } from '@shiplog/contracts';
import { type LayerEntry, type LayerEntryKind, readLayer } from './layer-reader.ts';
import { writeLayer } from './layer-writer.test.util.ts';
import { checksumOf } from './tar-format.ts';
import type { TarOptions } from './tar-reader.ts';

// The same cases each time; FAST_CHECK_SEED looks for others.
fc.configureGlobal({ seed: Number(process.env['FAST_CHECK_SEED'] ?? 1) });

const test = suite('layer');

interface Part extends Partial<Header> {
  readonly name: string;
  readonly body?: string;
}

async function archive(...parts: readonly Part[]): Promise<Buffer> {
  const tar = pack();
  for (const { body, ...header } of parts) tar.entry({ mtime: new Date(1000), ...header }, body ?? '');
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

interface Seen extends Omit<LayerEntry, 'content'> {
  readonly body: string;
}

async function read(bytes: Uint8Array, options: TarOptions = {}, chunk = 1000): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { content, ...entry } of readLayer(chunked(bytes, chunk), options)) {
    seen.push({ ...entry, body: content === undefined ? '' : (await collect(content)).toString() });
  }
  return seen;
}

async function refusal(bytes: Uint8Array, options: TarOptions = {}): Promise<ErrorCode> {
  try {
    await read(bytes, options);
  } catch (error) {
    if (!(error instanceof ShiplogError)) throw error;
    return error.code;
  }
  throw new Error('the archive was accepted');
}

/** Changes bytes of the header at `offset` and mends its checksum. */
function forge(bytes: Buffer, at: number, change: Uint8Array | string, offset = 0): Buffer {
  const forged = Buffer.from(bytes);
  forged.set(Buffer.from(change), offset + at);
  forged.write(
    `${checksumOf(forged.subarray(offset, offset + 512))
      .toString(8)
      .padStart(6, '0')}\0 `,
    offset + 148,
    'latin1',
  );
  return forged;
}

test('given a layer of every kind, when it is read, then every entry comes checked and in order', async () => {
  const seen = await read(
    await archive(
      { name: './', type: 'directory', mode: 0o755 },
      { name: './bin//sh', body: 'hello', mode: 0o4755, uid: 7, gid: 8 },
      { name: '/etc/./x/../hosts', body: '' },
      { name: 'lib', type: 'symlink', linkname: '../../usr/lib' },
      { name: 'bin/ash', type: 'link', linkname: '/bin/sh' },
      { name: 'dev/null', type: 'character-device', devmajor: 1, devminor: 3 },
      { name: 'dev/sda', type: 'block-device', devmajor: 8, devminor: 0 },
      { name: 'pipe', type: 'fifo' },
      { name: 'etc/.wh.gone' },
      { name: 'var/.wh..wh..opq' },
      { name: '.wh..wh..opq' },
      { name: '.wh..wh.plnk/123.4', body: 'aufs' },
    ),
  );
  assert.equal(
    seen.map((entry) => [entry.kind, entry.path, entry.linkTarget ?? entry.body]),
    [
      ['directory', '.', ''],
      ['file', 'bin/sh', 'hello'],
      ['file', 'etc/hosts', ''],
      ['symlink', 'lib', '../../usr/lib'],
      ['hardlink', 'bin/ash', 'bin/sh'],
      ['char', 'dev/null', ''],
      ['block', 'dev/sda', ''],
      ['fifo', 'pipe', ''],
      ['whiteout', 'etc/gone', ''],
      ['opaque', 'var', ''],
      ['opaque', '.', ''],
    ],
  );
  assert.is(seen[1]!.mode, 0o4755);
  assert.is(seen[1]!.uid, 7);
  assert.is(seen[1]!.gid, 8);
  assert.is(seen[1]!.mtimeNs, 1_000_000_000n);
  assert.is(seen[5]!.major, 1);
  assert.is(seen[5]!.minor, 3);
});

test('given content that nobody reads, when the next entry is asked for, then it is passed over', async () => {
  const bytes = await archive({ name: 'a', body: 'x'.repeat(3000) }, { name: 'b', body: 'y' });
  const paths: string[] = [];
  for await (const entry of readLayer(chunked(bytes, 700))) {
    paths.push(entry.path);
    if (entry.content !== undefined) for await (const part of entry.content) if (part.length > 0) break;
  }
  assert.equal(paths, ['a', 'b']);
});

test('given long names and pax records, when they are read, then they win over the header', async () => {
  const long = `${'d'.repeat(120)}/${'e'.repeat(200)}`;
  const pax = { 'SCHILY.xattr.user.x': 'v', 'SCHILY.xattr.trusted.overlay.redirect': '/etc', mtime: '12.000000345', uid: '4000000000' };
  const [first, second] = await read(await archive({ name: long, body: 'z' }, { name: 'p', pax }));
  assert.is(first!.path, long);
  assert.equal([...second!.xattrs.keys()], ['user.x']);
  assert.is(second!.mtimeNs, 12_000_000_345n);
  assert.is(second!.uid, 4_000_000_000);
});

const escapes: readonly (readonly [string, Part])[] = [
  ['a path that leaves the root', { name: '../etc/passwd', body: 'x' }],
  ['a path that leaves the root later', { name: 'a/../../b', body: 'x' }],
  ['an absolute path that leaves the root', { name: '/../b', body: 'x' }],
  ['a symlink whose own path leaves the root', { name: '../b', type: 'symlink', linkname: 'x' }],
  ['a hard link out of the root', { name: 'b', type: 'link', linkname: '../../etc/shadow' }],
  ['an absolute hard link out of the root', { name: 'b', type: 'link', linkname: '/../etc/shadow' }],
  ['a whiteout of the parent directory', { name: 'a/.wh...' }],
  ['a whiteout of the directory itself', { name: 'a/.wh..' }],
  ['a device outside', { name: '../sda', type: 'block-device', devmajor: 8, devminor: 0 }],
];
for (const [given, part] of escapes) {
  test(`given ${given}, when it is read, then it is ARCHIVE_ESCAPES`, async () => {
    assert.is(await refusal(await archive(part)), 'ARCHIVE_ESCAPES');
  });
}

const invalids: readonly (readonly [string, Part])[] = [
  ['a name over 255 bytes', { name: 'n'.repeat(256) }],
  ['a path over 4096 bytes', { name: 'nnnn/'.repeat(820) }],
  ['a whiteout of nothing', { name: 'a/.wh.' }],
  ['a file inside a whiteout', { name: '.wh.a/b' }],
  ['a hard link to itself', { name: 'a', type: 'link', linkname: './a' }],
  ['a hard link to the root', { name: 'a', type: 'link', linkname: '/' }],
  ['a hard link to a whiteout', { name: 'a', type: 'link', linkname: '.wh.b' }],
  ['a root that is a symlink', { name: '.', type: 'symlink', linkname: '/etc' }],
  ['a sparse file', { name: 'a', pax: { 'GNU.sparse.major': '1' } }],
  ['a pax path with a NUL', { name: 'a', pax: { path: 'a\0b' } }],
  ['a negative pax size', { name: 'a', pax: { size: '-1' } }],
  ['a pax size that is no number', { name: 'a', pax: { size: '1e3' } }],
  ['an attribute without a name', { name: 'a', pax: { 'SCHILY.xattr.': 'x' } }],
];
for (const [given, part] of invalids) {
  test(`given ${given}, when it is read, then it is ARCHIVE_INVALID`, async () => {
    assert.is(await refusal(await archive(part)), 'ARCHIVE_INVALID');
  });
}

test('given a size field of exabytes, when it is read, then it is ARCHIVE_INVALID and nothing is allocated for it', async () => {
  const bytes = await archive({ name: 'a', body: 'x' });
  const huge = Buffer.alloc(12, 0xff);
  huge[0] = 0x80;
  assert.is(await refusal(forge(bytes, 124, huge)), 'ARCHIVE_INVALID');
  assert.is(await refusal(forge(bytes, 124, '77777777777\0')), 'ARCHIVE_INVALID');
  assert.is(await refusal(forge(bytes, 124, Buffer.alloc(12, 0xff))), 'ARCHIVE_INVALID');
  assert.is(await refusal(forge(bytes, 124, 'not a number')), 'ARCHIVE_INVALID');
});

test('given an extended header of gigabytes, when it is read, then it is ARCHIVE_INVALID', async () => {
  const bytes = await archive({ name: 'a', pax: { comment: 'c' } });
  assert.is(await refusal(forge(bytes, 124, '17777777777\0')), 'ARCHIVE_INVALID');
});

test('given unknown and vendor types, when they are read, then they are ARCHIVE_INVALID', async () => {
  const bytes = await archive({ name: 'a' });
  for (const type of ['M', 'V', '9', '\u0001']) assert.is(await refusal(forge(bytes, 156, type)), 'ARCHIVE_INVALID');
});

test('given a name that is not UTF-8, when it is read, then it is ARCHIVE_INVALID', async () => {
  assert.is(await refusal(forge(await archive({ name: 'aaa' }), 0, Buffer.from([0xff, 0xfe]))), 'ARCHIVE_INVALID');
});

test('given a broken checksum, random bytes or a lone zero block, when it is read, then it is ARCHIVE_INVALID', async () => {
  const bytes = await archive({ name: 'a', body: 'x' });
  bytes[0] = 0x62;
  assert.is(await refusal(bytes), 'ARCHIVE_INVALID');
  assert.is(await refusal(Buffer.alloc(2048, 'garbage')), 'ARCHIVE_INVALID');
  const good = await archive({ name: 'a' });
  assert.is(await refusal(Buffer.concat([good.subarray(0, 512), Buffer.alloc(512), good])), 'ARCHIVE_INVALID');
});

test('given a small archive cut at every 512 bytes, when its end marker is demanded, then every cut is ARCHIVE_INVALID', async () => {
  const bytes = await archive(
    { name: 'd/', type: 'directory' },
    { name: 'a', body: 'x'.repeat(1500) },
    { name: 'b'.repeat(150), body: 'y' },
    { name: 'c', pax: { 'SCHILY.xattr.user.x': 'v' } },
  );
  const whole = await read(bytes, { end: 'marker' });
  assert.is(whole.length, 4);
  for (let cut = 0; cut < bytes.length - 1024; cut += 512) {
    assert.is(await refusal(bytes.subarray(0, cut), { end: 'marker' }), 'ARCHIVE_INVALID', `cut at ${cut}`);
  }
});

test('given an archive cut at any byte, when it is read, then it is ARCHIVE_INVALID unless the cut is between two entries', async () => {
  const bytes = await archive({ name: 'a', body: 'x'.repeat(700) }, { name: 'b'.repeat(150), body: 'y' });
  const between = new Set([0, 512 + 1024, bytes.length - 1024, bytes.length - 512]);
  for (let cut = 0; cut < bytes.length; cut += 61) {
    if (!between.has(cut)) assert.is(await refusal(bytes.subarray(0, cut)), 'ARCHIVE_INVALID', `cut at ${cut}`);
  }
  for (const cut of between) await read(bytes.subarray(0, cut));
});

test('given an archive that ends with the content of its last file, when it is read, then all of it is there, unless its end marker is demanded', async () => {
  const bytes = await archive({ name: 'a', body: 'x' }, { name: 'b', body: 'y'.repeat(700) });
  const end = 512 + 512 + 512 + 700;
  assert.is((await read(bytes.subarray(0, end))).length, 2);
  for (const cut of [end - 1, end + 1]) assert.is(await refusal(bytes.subarray(0, cut)), 'ARCHIVE_INVALID');
  assert.is(await refusal(bytes.subarray(0, end), { end: 'marker' }), 'ARCHIVE_INVALID');
});

test('given a consumer that leaves, when the loop ends, then the source is closed', async () => {
  const bytes = await archive({ name: 'a', body: 'x' }, { name: 'b' });
  let closed = false;
  async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* chunked(bytes, 512);
    } finally {
      closed = true;
    }
  }
  for await (const entry of readLayer(source())) if (entry.path === 'a') break;
  assert.ok(closed);
});

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .map((text) => text.replaceAll(/[/\0]/g, '_'))
  .filter((text) => text.isWellFormed() && text !== '.' && text !== '..' && !text.startsWith('.wh.') && Buffer.byteLength(text) <= 250);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const plainEntry = fc.record({
  path,
  kind: fc.constantFrom<LayerEntryKind>('file', 'directory', 'symlink', 'hardlink', 'char', 'block', 'fifo', 'whiteout', 'opaque'),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 0xffff_ffff }),
  gid: fc.integer({ min: 0, max: 0xffff_ffff }),
  mtimeNs: fc.oneof(
    fc.bigInt({ min: -(10n ** 19n), max: 10n ** 20n }),
    fc.integer({ min: 0 }).map((s) => BigInt(s) * 1_000_000_000n),
  ),
  target: path,
  body: fc.uint8Array({ maxLength: 1600 }),
  xattrs: fc.dictionary(fc.stringMatching(/^(user|security)\.[a-z]{1,20}$/), fc.uint8Array({ minLength: 1, maxLength: 64 }), {
    maxKeys: 3,
  }),
  major: fc.integer({ min: 0, max: 4095 }),
  minor: fc.integer({ min: 0, max: 1_048_575 }),
});

test('given any entries, when they are written and read, then they come back the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plainEntry, { maxLength: 6 }), fc.integer({ min: 1, max: 2000 }), async (given, chunk) => {
      const entries = given.map(({ target, body, xattrs, major, minor, ...common }): LayerEntry & { readonly body: string } => {
        const marked = common.kind === 'whiteout' || common.kind === 'opaque';
        const file = common.kind === 'file';
        return {
          ...common,
          size: file ? body.length : 0,
          xattrs: new Map(marked ? [] : Object.entries(xattrs)),
          ...(common.kind === 'symlink' || common.kind === 'hardlink' ? { linkTarget: `${target}/t` } : {}),
          ...(common.kind === 'char' || common.kind === 'block' ? { major, minor } : {}),
          ...(file ? { content: chunked(body, 500) } : {}),
          body: file ? Buffer.from(body).toString() : '',
        };
      });
      const written = await collect(writeLayer(entries));
      assert.is(written.length % 512, 0);
      const expected = entries.map(({ content: _content, ...entry }) => ({ ...entry, xattrs: sorted(entry.xattrs) }));
      const found = (await read(written, { end: 'marker' }, chunk)).map((entry) => ({ ...entry, xattrs: sorted(entry.xattrs) }));
      assert.equal(found, expected);
    }),
    { numRuns: 150 },
  );
});

test('given a file whose content is not as long as announced, when it is written, then it is refused', async () => {
  const entry = (size: number): LayerEntry => ({
    path: 'a',
    kind: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtimeNs: 0n,
    size,
    xattrs: new Map(),
    content: chunked(Buffer.from('abc'), 2),
  });
  for (const size of [2, 4]) {
    let code = '';
    try {
      await collect(writeLayer([entry(size)]));
    } catch (error) {
      code = error instanceof ShiplogError ? error.code : String(error);
    }
    assert.is(code, 'ARCHIVE_INVALID');
  }
});

function sorted(xattrs: ReadonlyMap<string, Uint8Array>): readonly (readonly [string, string])[] {
  return [...xattrs].map(([key, value]) => [key, Buffer.from(value).toString('hex')] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

test.run();
