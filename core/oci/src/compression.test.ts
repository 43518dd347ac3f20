import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type ErrorCode, ShiplogError } from '@shiplog/contracts';
import { compressionOf, decompress, sniff } from './compression.ts';

const test = suite('compression');
const TEXT = Buffer.alloc(300_000, 'some text that repeats ');

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function codeOf(source: AsyncIterable<Uint8Array>): Promise<ErrorCode> {
  try {
    await drain(source);
  } catch (error) {
    if (error instanceof ShiplogError) return error.code;
    throw error;
  }
  throw new Error('it was accepted');
}

for (const [name, compress] of [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const) {
  test(`given ${name}, also of several parts and in small chunks, when it is decompressed, then the content comes out`, async () => {
    const packed = compress(TEXT);
    assert.is(compressionOf(packed), name);
    assert.equal(await drain(decompress(chunked(packed, 3))), TEXT);
    assert.equal(
      await drain(decompress(chunked(Buffer.concat([packed, compress(Buffer.from('end'))]), 1000))),
      Buffer.concat([TEXT, Buffer.from('end')]),
    );
  });

  test(`given ${name} that is cut, when it is decompressed, then it is ARCHIVE_INVALID`, async () => {
    const packed = compress(TEXT);
    for (const cut of [8, packed.length >> 1, packed.length - 1]) {
      assert.is(await codeOf(decompress(chunked(packed.subarray(0, cut), 50))), 'ARCHIVE_INVALID', `cut at ${cut}`);
    }
  });

  test(`given ${name} with data after its end, when it is to be the whole, then it is ARCHIVE_INVALID`, async () => {
    const packed = compress(TEXT);
    for (const size of [50, 1000]) {
      assert.equal(await drain(decompress(chunked(packed, size), { whole: true })), TEXT);
      const more = Buffer.concat([packed, Buffer.alloc(200_000, 'more')]);
      assert.is(await codeOf(decompress(chunked(more, size), { whole: true })), 'ARCHIVE_INVALID');
    }
  });

  test(`given ${name} that grows beyond the limit, when it is decompressed, then it is ARCHIVE_INVALID`, async () => {
    assert.is(await codeOf(decompress(chunked(compress(TEXT), 1000), { limitBytes: TEXT.length - 1 })), 'ARCHIVE_INVALID');
    await drain(decompress(chunked(compress(TEXT), 1000), { limitBytes: TEXT.length }));
  });
}

test('given plain bytes, also fewer than a magic number, when they are decompressed, then they pass unchanged', async () => {
  for (const text of ['', 'a', '\u001f', 'plain text'])
    assert.is((await drain(decompress(chunked(Buffer.from(text), 2)))).toString(), text);
});

test('given garbage behind a gzip header, when it is decompressed, then it is ARCHIVE_INVALID', async () => {
  assert.is(await codeOf(decompress(chunked(Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(100, 7)]), 9))), 'ARCHIVE_INVALID');
});

test('given bzip2 or xz and nothing that decompresses it, when it is decompressed, then it is NOT_SUPPORTED and the source is closed', async () => {
  for (const head of [Buffer.from('BZh91AY&SY'), Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0])]) {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        yield head;
        yield head;
      } finally {
        closed = true;
      }
    }
    assert.is(await codeOf(decompress(source())), 'NOT_SUPPORTED');
    assert.ok(closed);
  }
});

test('given bzip2 or xz and a decompressor, when it is decompressed, then what that gives comes out, within the limit', async () => {
  for (const [name, head] of [
    ['bzip2', Buffer.from('BZh91AY&SY')],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0])],
  ] as const) {
    async function* decompressor(compression: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`${compression} of ${(await drain(source)).length}`);
    }
    const text = `${name} of ${head.length}`;
    assert.is((await drain(decompress(chunked(head, 2), { decompressor }))).toString(), text);
    assert.is(await codeOf(decompress(chunked(head, 2), { decompressor, limitBytes: text.length - 1 })), 'ARCHIVE_INVALID');
  }
});

test('given a source that fails, when it is decompressed, then its own error comes out', async () => {
  async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
    yield gzipSync(TEXT).subarray(0, 50);
    throw new ShiplogError('CANCELED', 'gone');
  }
  assert.is(await codeOf(decompress(failing())), 'CANCELED');
});

test('given a consumer that leaves, when the loop ends, then the source is closed', async () => {
  for (const bytes of [TEXT, gzipSync(TEXT)]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for (;;) yield bytes;
      } finally {
        resolve();
      }
    }
    for await (const chunk of decompress(source())) if (chunk.length > 0) break;
    await promise;
  }
});

test('given a stream, when it is sniffed, then nothing of it is lost', async () => {
  const packed = zstdCompressSync(TEXT);
  const { compression, stream } = await sniff(chunked(packed, 1));
  assert.is(compression, 'zstd');
  assert.equal(await drain(stream), packed);
});

test.run();
