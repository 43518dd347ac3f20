import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { syntheticLog } from '@shiplog/model/testing';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('log export');

const LINES = [...syntheticLog(2000, { seed: 3, containers: 9 })].flatMap(({ events }) => events.map((event) => JSON.stringify(event)));
const EXPORT = `${LINES.join('\n')}\n`;

test('given a name that says how it is compressed, when exported to it, then it is, and can be read again', async () => {
  await using temporary = await temporaryDirectory();
  const at = (name: string): string => join(temporary.path, name);
  await writeFile(at('log.ndjson'), EXPORT);
  for (const [name, unpack] of [
    ['plain', (bytes: Buffer) => bytes],
    ['log.gz', gunzipSync],
    ['log.zst', zstdDecompressSync],
  ] as const) {
    const { code, stderr } = await runShiplog(['log', 'export', '--input', at('log.ndjson'), '--out', at(name)], {});
    assert.is(code, 0, stderr);
    assert.is(unpack(await readFile(at(name))).toString(), EXPORT);
    const again = await runShiplog(['log', 'export', '--input', at(name), '--out', '-'], {});
    assert.is(again.stdout, EXPORT);
  }
  assert.equal((await readdir(temporary.path)).toSorted(), ['log.gz', 'log.ndjson', 'log.zst', 'plain']);
});

test('given what cannot be written, when exported to it, then that is said, and nothing is left', async () => {
  await using temporary = await temporaryDirectory();
  const at = (name: string): string => join(temporary.path, name);
  await writeFile(at('log.ndjson'), EXPORT);
  await mkdir(at('directory'));
  for (const [out, said] of [
    [at('directory'), 'is a directory'],
    [at('nowhere/log'), 'cannot be written'],
  ] as const) {
    const { code, stderr } = await runShiplog(['log', 'export', '--input', at('log.ndjson'), '--out', out], {});
    assert.is.not(code, 0);
    assert.match(stderr, said);
  }
  assert.equal((await readdir(temporary.path)).toSorted(), ['directory', 'log.ndjson']);
});

test('given an export that is cut or not there, when converted or replayed, then it is named, and nothing is written', async () => {
  await using temporary = await temporaryDirectory();
  const at = (name: string): string => join(temporary.path, name);
  await writeFile(at('cut.gz'), gzipSync(EXPORT).subarray(0, 9000));
  await writeFile(at('cut.zst'), zstdCompressSync(EXPORT).subarray(0, 9000));
  for (const [name, said] of [
    ['cut.gz', 'cut.gz is cut or damaged'],
    ['cut.zst', 'cut.zst is cut or damaged'],
    ['none', 'none cannot be read'],
  ] as const) {
    const { code, stderr } = await runShiplog(['log', 'export', '--format', 'csv', '--input', at(name), '--out', at('out.csv')], {});
    assert.is(code, 1);
    assert.match(stderr, said);
    if (name === 'none') continue;
    const replayed = await runShiplog(['replay', 'fold', at(name)], {});
    assert.is(replayed.code, 1);
    assert.match(replayed.stderr, said);
  }
  assert.equal((await readdir(temporary.path)).toSorted(), ['cut.gz', 'cut.zst']);
});

test.run();
