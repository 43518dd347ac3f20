import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, openLevelLog } from '@shiplog/event-log';
import { temporaryDirectory } from '@shiplog/test-support';
import {
  encodeBundle,
  entryHash,
  entryOf,
  formatCheckpoint,
  formatNote,
  Frontier,
  noteSigner,
  parseTilePath,
  signNote,
  TILE_WIDTH,
  verifierKey,
  verifierOf,
} from '@shiplog/tlog';
import { mirror, TlogDirectory } from '@shiplog/tlog-directory';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('log verify --root and log repair');

const STAMP = { op: 'op', corr: 'corr', t: '1', mono: '1', actor: { scheme: 'system', reason: 'test' } } as const;

/** A stopped engine's root with 300 events in tables, and their export. */
async function root(path: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let round = 0; round < 2; round++) {
    const log = await openLevelLog({ directory: join(path, 'log'), boot: 'b', inst: 'i' });
    for (let kills = 0; kills < 150 && round === 0; kills++) {
      log.append({ stamp: STAMP, events: [{ stream: 'container/a', type: 'container.oom', kind: 'observed', data: { id: 'a', kills } }] });
    }
    await log.flushed();
    if (round === 1) for await (const event of log.read()) lines.push(JSON.stringify(event));
    await log.close();
  }
  return lines;
}

async function damage(path: string): Promise<void> {
  const table = (await readdir(join(path, 'log/db'))).find((name) => name.endsWith('.ldb')) ?? '';
  const bytes = await readFile(join(path, 'log/db', table));
  bytes.fill(0, 100, 140);
  await writeFile(join(path, 'log/db', table), bytes);
}

/** Tiles of a log whose entries are given, mirrored into `path`. */
async function tilesOf(path: string, lines: readonly string[]): Promise<string> {
  const data = lines.map((line) => Buffer.from(canonicalJson(JSON.parse(line))));
  const key = generateKeyPairSync('ed25519').privateKey;
  const origin = 'example.com/log';
  const frontier = new Frontier();
  frontier.appendAll(data.map((bytes) => entryHash(bytes)));
  const note = formatNote(signNote(formatCheckpoint({ origin, size: data.length, root: frontier.root() }), [noteSigner(origin, key)]));
  const source = {
    checkpoint: async () => note,
    resource: async (name: string) => {
      const { index, width } = parseTilePath(name);
      return encodeBundle(data.slice(index * TILE_WIDTH, index * TILE_WIDTH + width).map(entryOf));
    },
    data: async (index: number) => data[index] ?? Buffer.alloc(0),
  };
  await mirror(source, new TlogDirectory(path), [verifierOf(verifierKey('note', origin, key))]);
  return path;
}

test('given a damaged log of a stopped engine, when verified and repaired from an export, then the ranges are named, and it is whole again', async () => {
  await using temporary = await temporaryDirectory();
  const path = join(temporary.path, 'root');
  const exported = join(temporary.path, 'events.ndjson');
  await writeFile(exported, (await root(path)).join('\n'));
  const whole = await runShiplog(['log', 'verify', '--root', path, '--format', 'json'], {});
  assert.is(whole.code, 0, whole.stderr);
  assert.equal((JSON.parse(whole.stdout) as { damage: unknown[] }).damage, []);

  const unneeded = await runShiplog(['log', 'repair', '--root', path, '--from', exported], {});
  assert.is(unneeded.code, 0, unneeded.stderr);
  assert.match(unneeded.stderr, 'The log is whole: nothing was changed.');
  assert.equal(
    (await readdir(join(path, 'log'))).filter((name) => name.startsWith('db')),
    ['db'],
  );

  await damage(path);
  const damaged = await runShiplog(['log', 'verify', '--root', path], {});
  assert.is(damaged.code, 1);
  assert.match(damaged.stdout, /damaged: events \d+ to \d+/);

  await writeFile(`${exported}.short`, '');
  const refused = await runShiplog(['log', 'repair', '--root', path, '--from', `${exported}.short`], {});
  assert.is.not(refused.code, 0);
  assert.match(refused.stderr, 'the source does not have these events');
  const repaired = await runShiplog(['log', 'repair', '--root', path, '--from', exported], {});
  assert.is(repaired.code, 0, repaired.stderr);
  assert.match(repaired.stdout, /filled in: events \d+ to \d+/);
  assert.is((await runShiplog(['log', 'verify', '--root', path], {})).code, 0);
});

test('given a damaged log, when repaired from tiles of it, then it is whole again; from tiles of another log, then it stays as it was', async () => {
  await using temporary = await temporaryDirectory();
  const path = join(temporary.path, 'root');
  const lines = await root(path);
  const tiles = await tilesOf(join(temporary.path, 'tiles'), lines);
  const others = await tilesOf(join(temporary.path, 'others'), lines.toReversed());
  await damage(path);
  const refused = await runShiplog(['log', 'repair', '--root', path, '--from', others], {});
  assert.is(refused.code, 1);
  const short = await runShiplog(
    ['log', 'repair', '--root', path, '--from', await tilesOf(join(temporary.path, 'short'), lines.slice(0, 1))],
    {},
  );
  assert.match(short.stderr, 'the source does not have these events');
  const repaired = await runShiplog(['log', 'repair', '--root', path, '--from', tiles], {});
  assert.is(repaired.code, 0, repaired.stderr);
  assert.is((await runShiplog(['log', 'verify', '--root', path], {})).code, 0);
});

test('given a log in which what stands for pruned events is damaged, when repaired from a copy, then what stands for the pruned events is there again', async () => {
  await using temporary = await temporaryDirectory();
  const path = join(temporary.path, 'root');
  await root(path);
  const log = await openLevelLog({ directory: join(path, 'log'), boot: 'b', inst: 'i' });
  for await (const _ of log.seal(100));
  const first = log.sealedSeq + 1;
  // Bytes that LevelDB finds nothing to compress in.
  const state = randomBytes(64).toString('hex');
  await log.prune(first, Buffer.from(state), async (data) => {
    await log.append({ stamp: STAMP, events: [{ stream: 'engine', type: 'log.bounded', kind: 'meta', data }] }).durable;
  });
  await log.close();
  const mirror = join(temporary.path, 'mirror');
  await cp(join(path, 'log'), mirror, { recursive: true });
  for (const name of await readdir(join(path, 'log/db'))) {
    const bytes = await readFile(join(path, 'log/db', name));
    const at = bytes.indexOf(state);
    if (at >= 0) bytes[at] = (bytes[at] ?? 0) ^ 1;
    if (at >= 0) await writeFile(join(path, 'log/db', name), bytes);
  }

  assert.is((await runShiplog(['log', 'verify', '--root', path], {})).code, 1);
  const repaired = await runShiplog(['log', 'repair', '--root', path, '--from', mirror], {});
  assert.is(repaired.code, 0, repaired.stderr);
  assert.match(repaired.stdout, `brought back: what stands for the events before ${first}, which were pruned`);
  const verified = await runShiplog(['log', 'verify', '--root', path, '--format', 'json'], {});
  assert.equal((JSON.parse(verified.stdout) as { from: number; damage: unknown[] }).from, first);
});

test('given a source that is not there, when repaired, then that is said', async () => {
  await using temporary = await temporaryDirectory();
  const { stderr, code } = await runShiplog(['log', 'repair', '--root', temporary.path, '--from', join(temporary.path, 'nothing')], {});
  assert.is(code, 1);
  assert.match(stderr, 'does not exist');
});

test('given no source, when repaired, then the usage is explained', async () => {
  assert.match((await runShiplog(['log', 'repair'], {})).stderr, '--from FILE|DIR');
});

test.run();
