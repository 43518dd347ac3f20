import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogRecord } from '@shiplog/contracts';
import { temporaryDirectory } from '@shiplog/test-support';
import type { Codec } from './codec.ts';
import { entries } from './entries.ts';
import { jsonLines } from './json-lines.ts';

const test = suite('formats of log files');
const at = (nanoseconds: number): string => `1767225600${String(nanoseconds).padStart(9, '0')}`;
const RECORDS: readonly LogRecord[] = [
  { time: at(0), stream: 'stdout', data: Buffer.from('plain\n'), partial: false },
  { time: at(120_000_000), stream: 'stderr', data: Buffer.from('"quoted" <&> \\ \t\u2028é\n'), partial: false },
  { time: at(1), stream: 'stdout', data: Buffer.from('no end'), partial: true },
  { time: at(2), stream: 'stdout', data: Buffer.from('\n'), partial: false },
];

for (const [name, codec] of Object.entries({ 'json-file': jsonLines, local: entries }) satisfies [string, Codec][]) {
  test(`given records, when ${name} writes them, then it reads the same, and asks for more of a cut one`, () => {
    const bytes = Buffer.concat(RECORDS.map((record) => codec.encode(record, { tag: 't', a: 'b' })));
    const { records, used } = codec.decode(bytes);
    assert.is(used, bytes.length);
    assert.equal(
      records.map((record) => ({ ...record, data: Buffer.from(record.data).toString() })),
      RECORDS.map((record) => ({ ...record, data: Buffer.from(record.data).toString(), attributes: { tag: 't', a: 'b' } })),
    );
    const cut = codec.decode(bytes.subarray(0, bytes.length - 1));
    assert.is(cut.records.length, RECORDS.length - 1);
    assert.ok(cut.used < bytes.length - 1);
  });

  test(`given a file of ${name}, when the last records are asked for, then they begin there`, async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'log');
    const many = Array.from({ length: 3000 }, (_, index) =>
      codec.encode({ ...(RECORDS[0] as LogRecord), data: Buffer.from(`line ${index}\n`) }, {}),
    );
    const bytes = Buffer.concat(many);
    await writeFile(path, bytes);
    const file = await open(path);
    try {
      for (const [wanted, first] of [
        [1, 2999],
        [2000, 1000],
      ] as const) {
        const { offset, count } = await codec.tail(file, bytes.length, wanted);
        assert.equal(
          [count, Buffer.from(codec.decode(bytes.subarray(offset)).records[0]?.data ?? []).toString()],
          [wanted, `line ${first}\n`],
        );
      }
      assert.equal(await codec.tail(file, bytes.length, 5000), { offset: 0, count: 3000 });
      assert.equal(await codec.tail(file, bytes.length, 0), { offset: bytes.length, count: 0 });
    } finally {
      await file.close();
    }
  });
}

test('given what Docker escapes and how it writes time, when json-file writes it, then it is the same', () => {
  const [plain, quoted, partial] = RECORDS as [LogRecord, LogRecord, LogRecord];
  assert.is(Buffer.from(jsonLines.encode(plain, {})).toString(), '{"log":"plain\\n","stream":"stdout","time":"2026-01-01T00:00:00Z"}\n');
  assert.is(
    Buffer.from(jsonLines.encode(quoted, { tag: 'x' })).toString(),
    '{"log":"\\"quoted\\" \\u003c\\u0026\\u003e \\\\ \\t\\u2028é\\n","stream":"stderr","attrs":{"tag":"x"},"time":"2026-01-01T00:00:00.12Z"}\n',
  );
  assert.match(Buffer.from(jsonLines.encode(partial, {})).toString(), /"log":"no end",.*00\.000000001Z"/);
});

test('given lines that are none, when read, then they are passed over', () => {
  assert.is(jsonLines.decode(Buffer.from('{"log":\nnull\n{}\n')).records.length, 0);
  assert.is(entries.decode(Buffer.alloc(64, 0xff)).records.length, 0);
});

test.run();
