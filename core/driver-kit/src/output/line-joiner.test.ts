import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogRecord } from '@shiplog/contracts';
import { LineJoiner } from './line-joiner.ts';

const test = suite('line joiner');
const record = (data: string | Buffer, more: Partial<LogRecord> = {}): LogRecord => ({
  time: '1',
  stream: 'stdout',
  data: Buffer.from(data),
  partial: !Buffer.from(data).toString('latin1').endsWith('\n'),
  ...more,
});
const texts = (records: readonly LogRecord[]): string[] => records.map(({ data }) => Buffer.from(data).toString());

test('given parts of a line, when its end comes, then it is one record with the time of its beginning', () => {
  const joiner = new LineJoiner();
  assert.equal(joiner.push(record('a')), []);
  assert.equal(texts(joiner.push(record('err\n', { stream: 'stderr' }))), ['err\n']);
  assert.equal(joiner.push(record(Buffer.from('é').subarray(0, 1))), []);
  const [line] = joiner.push(record(Buffer.concat([Buffer.from('é').subarray(1), Buffer.from('\n')]), { time: '2' }));
  assert.equal([line?.time, Buffer.from(line?.data ?? []).toString(), line?.partial, line?.part], ['1', 'aé\n', false, undefined]);
});

test('given a line longer than 16 KiB, when it is joined, then it comes in numbered parts that make it up', () => {
  const joiner = new LineJoiner();
  const whole = `${'x'.repeat(40_000)}\n`;
  const found = [0, 8000, 16_000, 24_000, 32_000]
    .flatMap((at) => joiner.push(record(whole.slice(at, at + 8000))))
    .concat(joiner.push(record('\n')));
  assert.is(texts(found).join(''), whole);
  assert.equal(
    found.map(({ part, partial, data }) => [part?.ordinal, part?.last, partial, data.length]),
    [
      [1, false, true, 16_384],
      [2, false, true, 16_384],
      [3, true, false, 40_001 - 2 * 16_384],
    ],
  );
  assert.is(new Set(found.map(({ part }) => part?.id)).size, 1);
});

test('given a line of exactly 16 KiB, when it ends, then it is one record', () => {
  const found = new LineJoiner().push(record(`${'y'.repeat(16_384)}\n`));
  assert.equal([found.length, found[0]?.part], [1, undefined]);
});

test('given a joiner that takes up what another had begun, when the line ends, then nothing of it is missing', () => {
  const first = new LineJoiner();
  first.push(record('be'));
  const second = new LineJoiner(first.begun);
  assert.equal(texts(second.push(record('gun\n'))), ['begun\n']);
  assert.equal(second.begun, {});
});

test('given a line that will not end, when flushed, then it comes as it is, and no second time', () => {
  const joiner = new LineJoiner();
  joiner.push(record('prompt$ '));
  assert.equal(
    joiner.flush().map(({ data, partial }) => [Buffer.from(data).toString(), partial]),
    [['prompt$ ', true]],
  );
  assert.equal(joiner.flush(), []);
});

test.run();
