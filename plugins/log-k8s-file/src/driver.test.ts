import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '@shiplog/test-support';
import type { LogReadOptions } from '@shiplog/contracts';
import { K8sFileLogDriver } from './driver.ts';

const test = suite('k8s-file');
const driver = new K8sFileLogDriver();
const line = (second: number, text: string, stream = 'stdout', flag = 'F'): string =>
  `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000001+00:00 ${stream} ${flag} ${text}\n`;

const reading = (path: string): LogReadOptions => {
  const never = new AbortController().signal;
  return { id: 'c', spool: path, path, stdout: true, stderr: true, follow: false, ended: never, signal: never };
};

async function texts(path: string, more: Partial<LogReadOptions> = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const record of driver.read({ ...reading(path), ...more })) found.push(Buffer.from(record.data).toString());
  return found;
}

test('given lines of both streams, when read, then text, stream and time are theirs', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'log');
  await writeFile(path, line(1, 'out') + line(2, 'err', 'stderr') + line(3, 'par', 'stdout', 'P') + line(3, 'tial'));
  assert.equal(await texts(path), ['out\n', 'err\n', 'par', 'tial\n']);
  assert.equal(await texts(path, { stdout: false }), ['err\n']);
  assert.equal(await texts(path, { since: '1767225602000000000' }), ['err\n', 'par', 'tial\n']);
  assert.equal(await texts(path, { until: '1767225602000000001' }), ['out\n', 'err\n']);
});

test('given many lines, when the last are asked for, then exactly these come, parts with their whole', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'log');
  const all = Array.from({ length: 5000 }, (_, index) => line(index % 60, `line ${index} ${'x'.repeat(50)}`));
  await writeFile(path, all.join('') + line(1, 'a', 'stdout', 'P') + line(1, 'b'));
  assert.equal(await texts(path, { tail: 1 }), ['a', 'b\n']);
  assert.is((await texts(path, { tail: 3 })).length, 4);
  assert.is((await texts(path, { tail: 3 }))[0]?.slice(0, 9), 'line 4998');
  assert.is((await texts(path, { tail: 100_000 })).length, 5002);
  assert.equal(await texts(path, { tail: 0 }), []);
});

test('given a follower, when lines are added and the writer ends, then all come and the reading ends', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'log');
  const ended = new AbortController();
  const following = texts(path, { follow: true, ended: ended.signal });
  for (let index = 0; index < 5; index += 1) {
    await appendFile(path, line(index, `line ${index}`));
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  ended.abort();
  assert.equal(await following, ['line 0\n', 'line 1\n', 'line 2\n', 'line 3\n', 'line 4\n']);
});

test('given a log that does not exist, when read, then there is nothing; when removed, then nothing is wrong', async () => {
  await using directory = await temporaryDirectory();
  assert.equal(await texts(join(directory.path, 'c', 'none')), []);
  const path = join(directory.path, 'c', 'none');
  await driver.remove({ path });
});

test.run();
