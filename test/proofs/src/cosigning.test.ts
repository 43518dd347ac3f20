import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '@shiplog/test-support';
import {
  checkProof,
  formatProof,
  openCheckpoint,
  parseVerifierKey,
  proveInclusion,
  tilePath,
  type TileReader,
  type Trust,
  verifierOf,
} from '@shiplog/tlog';
import { mirror, TlogDirectory } from '@shiplog/tlog-directory';
import { Witness } from '@shiplog/witness';
import { TlogEngine } from './engine.test.double.ts';
import { GoChecker } from './go-checker.ts';
import { GrowingLog } from './growing-log.ts';

const test = suite('checkpoints of an engine');

const events = (count: number, from = 0): Buffer[] =>
  Array.from({ length: count }, (_, at) => Buffer.from(JSON.stringify({ seq: from + at })));
const readerOf =
  ({ tlog }: TlogEngine): TileReader =>
  (level, index, width) =>
    tlog.resource(tilePath({ level, index, width }));

async function startWitness(directory: string, vkey: string, port = 0): Promise<Witness> {
  return Witness.start({ directory, name: 'witness.example', logs: [parseVerifierKey(vkey)], host: '127.0.0.1', port });
}

/** An engine and a witness that know each other. The key comes first: the witness must know it. */
async function together(directory: string, log: GrowingLog): Promise<{ engine: TlogEngine; witness: Witness; trust: Trust }> {
  let vkey = '';
  {
    await using first = await TlogEngine.start(directory, new GrowingLog());
    vkey = await first.tlog.key();
  }
  const witness = await startWitness(join(directory, 'witness'), vkey);
  const engine = await TlogEngine.start(directory, log, { witness: `${witness.url}=${witness.vkey}` });
  const key = parseVerifierKey(vkey);
  return { engine, witness, trust: { log: [verifierOf(key)], origin: key.name, witnesses: [verifierOf(parseVerifierKey(witness.vkey))] } };
}

test('given an engine with a witness, when an event is proven, then the file shows that log and witness signed it', async () => {
  await using directory = await temporaryDirectory();
  const log = new GrowingLog();
  const { engine, witness, trust } = await together(directory.path, log);
  try {
    for (const size of [300, 700]) {
      log.append(...events(size - log.events.length, log.events.length));
      const checkpoint = await engine.tlog.checkpoint({ covers: size });
      const proof = await proveInclusion(299, size, readerOf(engine));
      const text = formatProof({ kind: 'inclusion', data: await engine.tlog.event(299), index: 299, proof, checkpoint });
      const checked = checkProof(text, trust);
      assert.equal(
        checked.checkpoint.cosigned.map(({ name }) => name),
        ['witness.example'],
      );
      assert.is(checked.kind === 'inclusion' ? checked.data.toString() : '', '{"seq":299}');
      // Nothing is signed twice for nothing.
      assert.is(await engine.tlog.checkpoint({ covers: size }), checkpoint);
    }
  } finally {
    await engine[Symbol.asyncDispose]();
    await witness[Symbol.asyncDispose]();
  }
});

test('given a key, when the engine starts again, then the key, the checkpoint and their modes are as they were', async () => {
  await using directory = await temporaryDirectory();
  const log = new GrowingLog();
  log.append(...events(5));
  const seen: string[] = [];
  for (let start = 0; start < 2; start++) {
    await using engine = await TlogEngine.start(directory.path, log);
    seen.push(`${await engine.tlog.key()} ${await engine.tlog.checkpoint()}`);
  }
  assert.is(seen[0], seen[1]);
  for (const file of ['key.pem', 'checkpoint']) assert.is((await stat(join(directory.path, file))).mode & 0o777, 0o600);
  assert.match(await readFile(join(directory.path, 'key.pem'), 'utf8'), /BEGIN PRIVATE KEY/);
});

test('given a log that was cut or rewritten since it was signed, when the engine starts again, then it signs nothing and says why', async () => {
  for (const [after, reason] of [
    [events(4), /5 events were signed and there are 4/],
    [events(6).with(2, Buffer.from('{}')), /the first 5 events are not those that were signed/],
  ] as const) {
    await using directory = await temporaryDirectory();
    const log = new GrowingLog();
    log.append(...events(5));
    {
      await using engine = await TlogEngine.start(directory.path, log);
      await engine.tlog.checkpoint({ covers: 5 });
    }
    const changed = new GrowingLog();
    changed.append(...after);
    const kept = await readFile(join(directory.path, 'checkpoint'), 'utf8');
    {
      await using engine = await TlogEngine.start(directory.path, changed);
      const error = await engine.tlog.checkpoint({ covers: 1 }).then(
        () => undefined,
        (thrown: unknown) => thrown as { readonly code: string; readonly message: string },
      );
      assert.is(error?.code, 'CHECKPOINT_CONFLICT');
      assert.match(error?.message ?? '', reason);
      assert.ok(engine.logger.lines.some(({ level }) => level === 'error'));
    }
    assert.is(await readFile(join(directory.path, 'checkpoint'), 'utf8'), kept);
  }
});

test('given a checkpoint of some size that was asked for, when it is shown, then one is kept that stands for as much, so that no other history is signed later', async () => {
  await using directory = await temporaryDirectory();
  const log = new GrowingLog();
  log.append(...events(5));
  await using engine = await TlogEngine.start(directory.path, log);
  await engine.tlog.checkpoint({ covers: 5 });
  log.append(...events(3, 5));
  const trusted = [verifierOf(parseVerifierKey(await engine.tlog.key()))];
  const shown = openCheckpoint(await engine.tlog.checkpoint({ size: 7 }), trusted);
  const kept = openCheckpoint(await readFile(join(directory.path, 'checkpoint'), 'utf8'), trusted);
  assert.equal([shown.size, kept.size], [7, 8]);
});

test('given a key that was lost, when the engine starts again, then the new one signs nothing in place of the old', async () => {
  await using directory = await temporaryDirectory();
  const log = new GrowingLog();
  log.append(...events(5));
  {
    await using engine = await TlogEngine.start(directory.path, log);
    await engine.tlog.checkpoint({ covers: 5 });
  }
  await writeFile(join(directory.path, 'key.pem'), 'damaged');
  {
    await using engine = await TlogEngine.start(directory.path, log);
    await engine.tlog.checkpoint().then(
      () => assert.unreachable('a damaged key signed'),
      (error: { readonly code: string }) => assert.is(error.code, 'SIGNING_KEY_INVALID'),
    );
  }
});

test('given a rewritten log whose last checkpoint was thrown away, when it is signed anew, then the witness does not cosign', async () => {
  await using directory = await temporaryDirectory();
  const log = new GrowingLog();
  log.append(...events(300));
  const { engine, witness, trust } = await together(directory.path, log);
  const address = `${witness.url}=${witness.vkey}`;
  await engine.tlog.checkpoint({ covers: 300 });
  await engine[Symbol.asyncDispose]();
  // Root on the machine has the key, and no scruples.
  await writeFile(join(directory.path, 'checkpoint'), '');
  for (const [history, reason] of [
    [events(300).with(7, Buffer.from('{"forged":true}')), /another history/],
    [events(400).with(7, Buffer.from('{"forged":true}')), /422/],
    [events(200), /has seen 300 events/],
  ] as const) {
    await using fresh = await temporaryDirectory();
    await writeFile(join(fresh.path, 'key.pem'), await readFile(join(directory.path, 'key.pem')));
    const forged = new GrowingLog();
    forged.append(...history);
    await using again = await TlogEngine.start(fresh.path, forged, { witness: address });
    const checkpoint = await again.tlog.checkpoint({ covers: history.length });
    assert.is(openCheckpoint(checkpoint, trust.log, trust.witnesses).cosignatures.length, 0);
    assert.ok(again.logger.lines.some(({ level, facts }) => level === 'warn' && reason.test(String(facts['reason']))));
  }
  await witness[Symbol.asyncDispose]();
});

test('given a witness that is away, when checkpoints are made, then they lack its cosignature, and have it once it is back', async () => {
  await using directory = await temporaryDirectory();
  const log = new GrowingLog();
  log.append(...events(10));
  const { engine, witness, trust } = await together(directory.path, log);
  const port = Number(new URL(witness.url).port);
  await witness[Symbol.asyncDispose]();
  const cosigned = async (size: number): Promise<number> =>
    openCheckpoint(await engine.tlog.checkpoint({ covers: size }), trust.log, trust.witnesses).cosignatures.length;
  assert.is(await cosigned(10), 0);
  const back = await startWitness(join(directory.path, 'witness'), await engine.tlog.key(), port);
  log.append(...events(1, 10));
  assert.is(await cosigned(11), 1);
  await engine[Symbol.asyncDispose]();
  await back[Symbol.asyncDispose]();
});

test('given many events, when nobody asks, then a checkpoint is made by itself, and another at the end', async () => {
  await using directory = await temporaryDirectory();
  const log = new GrowingLog();
  const sizeKept = async (): Promise<number> =>
    Number((await readFile(join(directory.path, 'checkpoint'), 'utf8').catch(() => '')).split('\n')[1]);
  {
    await using engine = await TlogEngine.start(directory.path, log, { 'every-events': '50' });
    log.append(...events(60));
    for (let tries = 0; tries < 1200 && (await sizeKept()) !== 60; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.is(await sizeKept(), 60);
    log.append(...events(3, 60));
    assert.is(openCheckpoint(await engine.tlog.checkpoint(), [verifierOf(parseVerifierKey(await engine.tlog.key()))]).size, 60);
  }
  assert.is(await sizeKept(), 63);
});

test('given a mirror of an engine with large events, when Go reads the directory, then every entry is the one that was signed', async () => {
  await using directory = await temporaryDirectory();
  await using target = await temporaryDirectory();
  await using go = await GoChecker.start();
  const log = new GrowingLog();
  log.append(...events(600), Buffer.from(JSON.stringify({ large: 'x'.repeat(70_000) })), ...events(100, 601));
  await using engine = await TlogEngine.start(directory.path, log);
  const vkey = await engine.tlog.key();
  const mirrored = new TlogDirectory(target.path);
  for (const more of [0, 500]) {
    log.append(...events(more, log.events.length));
    const source = {
      checkpoint: () => engine.tlog.checkpoint({ covers: log.events.length }),
      resource: (path: string) => engine.tlog.resource(path),
      data: (seq: number) => engine.tlog.event(seq),
    };
    await mirror(source, mirrored, [verifierOf(parseVerifierKey(vkey))]);
    const answer = await go.ask({ op: 'directory', dir: target.path, key: vkey });
    assert.ok(answer.ok, answer.error);
    assert.is(answer.size, log.events.length);
  }
  const path = join(target.path, 'tile/entries/001');
  const bytes = await readFile(path);
  bytes[9] = (bytes[9] ?? 0) ^ 1;
  await writeFile(path, bytes);
  assert.not((await go.ask({ op: 'directory', dir: target.path, key: vkey })).ok);
});

test('given a reader of events, when it asks for many, then one read is recorded, and how far it came; none for hashes', async () => {
  await using directory = await temporaryDirectory();
  const log = new GrowingLog();
  log.append(...events(700));
  await using engine = await TlogEngine.start(directory.path, log);
  await engine.tlog.resource('tile/0/000');
  await engine.tlog.checkpoint({ covers: 700 });
  assert.equal(engine.reads, []);
  await engine.tlog.event(10);
  await engine.tlog.resource('tile/entries/001');
  await engine.tlog.resource('tile/entries/000');
  assert.equal(engine.reads, [10]);
  engine.disconnect();
  for (let tries = 0; tries < 6000 && engine.reads.length < 2; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(engine.reads, [10, 511]);
});

test('given requests for what is not there, when they are made, then they are refused with a code', async () => {
  await using directory = await temporaryDirectory();
  const log = new GrowingLog();
  log.append(...events(300));
  await using engine = await TlogEngine.start(directory.path, log);
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'it was answered',
      (error: { readonly code?: string }) => error.code ?? String(error),
    );
  for (const path of ['tile/0/001', 'tile/0/002.p/1', 'tile/0/001.p/45', 'tile/1/000.p/2', 'tile/entries/001.p/45', 'event/300'])
    assert.is(await codeOf(engine.tlog.resource(path)), 'LOG_POSITION_UNKNOWN', path);
  assert.equal(engine.refusals, ['LOG_POSITION_UNKNOWN'], 'once for a connection, and of hashes not at all');
  for (const path of ['', 'tile/0/0', 'nothing', 'tile/../../etc/passwd'])
    assert.is(await codeOf(engine.tlog.resource(path)), 'NOT_FOUND', path);
  for (const path of ['event/-1', 'event/x', 'checkpoint?covers=x', 'checkpoint?what=1'])
    assert.is(await codeOf(engine.tlog.resource(path)), 'REQUEST_INVALID', path);
  assert.is(await codeOf(engine.tlog.checkpoint({ covers: 301 })), 'LOG_POSITION_UNKNOWN');
  assert.is(await codeOf(engine.tlog.checkpoint({ size: 301 })), 'LOG_POSITION_UNKNOWN');
  assert.is((await engine.tlog.resource('tile/0/001.p/44')).length, 44 * 32);
});

test('given options that cannot be used, when the driver is made, then it is refused before anything is written', async () => {
  await using directory = await temporaryDirectory();
  for (const options of [
    { witness: 'nonsense' },
    { witness: 'http://x=y' },
    { witness: 'http://127.0.0.1:1=PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW' },
    { 'every-events': '0' },
    { 'every-seconds': 'x' },
    { typo: '1' },
  ]) {
    await TlogEngine.start(directory.path, new GrowingLog(), options).then(
      () => assert.unreachable(JSON.stringify(options)),
      (error: { readonly code: string }) => assert.is(error.code, 'CONFIG_INVALID', JSON.stringify(options)),
    );
  }
});

test.run();
