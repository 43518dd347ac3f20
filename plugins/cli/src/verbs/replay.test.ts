import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { temporaryDirectory } from '@shiplog/test-support';
import { boundaryOf, fold, readSource } from '@shiplog/replay';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeDaemon } from '../fake-daemon.test.double.ts';
import { runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('replay');
const GOLDEN = fileURLToPath(new URL('../../../../test/replay/golden/0.1.0/', import.meta.url));
const LOG = join(GOLDEN, 'events.jsonl.gz');
const expected: { readonly first: number; readonly events: number; readonly hashes: { readonly [seq: string]: string } } = JSON.parse(
  await readFile(join(GOLDEN, 'expected.json'), 'utf8'),
);
const lines = gunzipSync(await readFile(LOG))
  .toString('utf8')
  .trimEnd()
  .split('\n');

test('given an export, when it is folded at a position, then its hash is printed, or its state, without an engine', async () => {
  const [seq = '', hash] = Object.entries(expected.hashes)[4] ?? [];
  assert.equal(await runShiplog(['replay', 'fold', '--at', seq, LOG]), { code: 0, stdout: `${hash} at ${seq}\n`, stderr: '' });
  const json = await runShiplog(['replay', 'fold', '--at', seq, '--format', 'json', LOG]);
  assert.equal(JSON.parse(json.stdout), { first: 0, seq: Number(seq), hash });
  const state = JSON.parse((await runShiplog(['replay', 'fold', '--at', seq, '--state', LOG])).stdout);
  assert.ok(Object.keys(state.networks).length >= 3);
});

test('given no source, when folded, then the events of the running engine are', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /shiplog/v1/log/boundary', () => ({ first: 0 }));
    daemon.answers.set('GET /shiplog/v1/events', () => of(lines));
    const { code, stdout, stderr } = await runShiplog(['replay', 'fold'], { host: daemon.host });
    assert.is(code, 0, stderr);
    assert.is(stdout, `${expected.hashes[expected.events - 1]} at ${expected.events - 1}\n`);
    assert.is(daemon.seen.at(-1)?.query.get('from'), '0');
  });
  const { code, stderr } = await runShiplog(['replay', 'fold']);
  assert.is(code, 1);
  assert.match(stderr, /no engine answers/);
});

async function* of(texts: readonly string[]): AsyncGenerator<string> {
  for (const text of texts) yield `${text}\n`;
}

test('given a pruned log, when replayed, then it begins with what stands for the rest, and where it begins is said', async () => {
  const pruned = join(GOLDEN, 'pruned');
  const { first } = expected;
  const begins = new RegExp(`The log begins at event ${first}: what was before was pruned`);
  const folded = await runShiplog(['replay', 'fold', '--at', String(expected.events - 1), '--format', 'json', pruned]);
  assert.equal(JSON.parse(folded.stdout), { first, seq: expected.events - 1, hash: expected.hashes[expected.events - 1] });
  assert.match(folded.stderr, begins);
  const gone = await runShiplog(['replay', 'fold', '--at', '5', pruned]);
  assert.is(gone.code, 1);
  assert.match(gone.stderr, new RegExp(`what was before event ${first} was pruned; ask about ${first - 1} or later`));
  for (const mode of ['redecide', 'simulate']) {
    const { code, stdout, stderr } = await runShiplog(['replay', mode, pruned]);
    assert.is(code, 0, stderr);
    assert.match(stderr, begins);
    assert.match(stdout, mode === 'redecide' ? /\nno difference\n$/ : /every command ended as recorded/);
  }
  const whole = (await runShiplog(['replay', 'redecide', '--format', 'json', pruned])).stdout;
  assert.is(JSON.parse(whole).first, first);
});

test('given a running engine whose log was pruned, when replayed, then its events come behind what stands for the rest', async () => {
  const { first } = expected;
  const events = lines.slice(first);
  const { state } = await fold(readSource(LOG), { seq: first - 1 });
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /shiplog/v1/log/boundary', () => boundaryOf(state));
    daemon.answers.set('GET /shiplog/v1/events', () => of(events));
    const { code, stdout, stderr } = await runShiplog(['replay', 'fold'], { host: daemon.host });
    assert.is(code, 0, stderr);
    assert.is(stdout, `${expected.hashes[expected.events - 1]} at ${expected.events - 1}\n`);
    assert.is(daemon.seen.at(-1)?.query.get('from'), String(first));
  });
});

test('given a log, when it is decided anew, then 0 says that nothing differs, and 1 comes with every difference', async () => {
  const same = await runShiplog(['replay', 'redecide', LOG]);
  assert.is(same.code, 0, same.stdout);
  assert.match(same.stdout, /\nno difference\n$/);
  await using temporary = await temporaryDirectory();
  const changed = join(temporary.path, 'changed.jsonl');
  const index = lines.findIndex((line) => line.includes('"type":"container.stop.requested"') && !line.includes('"decided":null'));
  await writeFile(changed, lines.with(index, lines[index]?.replace('"signal":15', '"signal":63') ?? '').join('\n'));
  const told = await runShiplog(['replay', 'redecide', changed]);
  assert.is(told.code, 1);
  assert.match(told.stdout, new RegExp(`#${index} container.stop .*\n {2}decided.signal: 63 → 15\n`));
  assert.match(told.stdout, /1 decided otherwise\n$/);
  const json = (await runShiplog(['replay', 'redecide', '--format', 'json', changed])).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.is(json.length, 2);
  assert.is(json[0].seq, index);
  assert.is(json[1].differences, 1);
});

test('given a what-if, when a log is simulated, then both sides are printed, and the simulated log can be folded', async () => {
  await using temporary = await temporaryDirectory();
  const out = join(temporary.path, 'out.jsonl.zst');
  const table = await runShiplog(['replay', 'simulate', '--latency', 'runtime.create=1s', '--out', out, LOG]);
  assert.is(table.code, 0, table.stderr);
  assert.match(table.stdout, /^VERB +SIDE +COUNT/);
  assert.match(table.stdout, /every command ended as recorded/);
  assert.is((await runShiplog(['replay', 'fold', out])).code, 0);
  const json = JSON.parse((await runShiplog(['replay', 'simulate', '--latency', 'runtime.create=1s', '--format', 'json', LOG])).stdout);
  const p50 = (side: string): number => json[side].verbs.find((one: { verb: string }) => one.verb === 'container.start').p50;
  assert.ok(p50('simulated') > 1000 && p50('recorded') < 1000);
});

test('given wrong options, when replayed, then nothing is read, and the way out is told', async () => {
  for (const argv of [
    ['--speed', 'fast'],
    ['--seed', 'x'],
    ['--format', 'xml'],
  ]) {
    const { code } = await runShiplog(['replay', 'simulate', ...argv, LOG]);
    assert.is(code, 125, argv.join(' '));
  }
  const { code, stderr } = await runShiplog(['replay', 'simulate', '--latency', 'storage.melt=1s', LOG]);
  assert.is(code, 1);
  assert.match(stderr, /has no step "storage.melt"; it has .*storage.mount/);
});

test.run();
