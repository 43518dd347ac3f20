import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { readControl, readControlNumber, readControlTable, writeControl } from './control-file.ts';

async function temporaryDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'shiplog-control-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

const test = suite('driver-kit: control file');

test('given a longer value, when a shorter one is written, then only that is there', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'pids.max');
  await writeFile(path, '1000\n');
  await writeControl(path, 7);
  assert.is(await readFile(path, 'utf8'), '7');
});
test('given no file, when one is written, then ENOENT is told and none is made', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'pids.max');
  const error = await writeControl(path, 7).catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError);
  assert.is(error.code, 'KERNEL_CALL_FAILED');
  assert.equal(error.facts, { call: 'write', path, value: 7, errno: 'ENOENT' });
  assert.is(await readControl(path), '');
});
test('given no file, when it is read, then the answer is nothing, the default, or an empty table', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'pids.max');
  assert.is(await readControl(path), '');
  assert.is(await readControlNumber(path, 5), 5);
  assert.equal(await readControlTable(path), {});
});
test('given a directory, when it is read, then the errno is told', async () => {
  await using directory = await temporaryDirectory();
  const error = await readControl(directory.path).catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError);
  assert.is(error.facts['errno'], 'EISDIR');
});
test('given max, when a number is read, then it is the default', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'pids.max');
  await writeFile(path, 'max\n');
  assert.is(await readControlNumber(path), 0);
  await writeFile(path, '-1\n');
  assert.is(await readControlNumber(path), -1);
});
test('given a table, when it is read, then every line with a number is in it', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'cpu.stat');
  await writeFile(path, 'nr_periods 3\nthrottled_usec 12\nodd\nlimit max\n');
  assert.equal(await readControlTable(path), { nr_periods: 3, throttled_usec: 12 });
});

test.run();
