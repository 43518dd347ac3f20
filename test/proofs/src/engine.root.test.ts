// time limit: 300 s
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Ran, run, temporaryDirectory, TestDaemon } from '@shiplog/test-support';
import { openCheckpoint, parseVerifierKey, verifierOf } from '@shiplog/tlog';
import { Witness } from '@shiplog/witness';
import { GoChecker } from './go-checker.ts';

const test = suite('proofs of a real engine');

/** No engine, no root's home, nothing but the file and the key. */
const NOWHERE = { PATH: process.env['PATH'], SHIPLOG_HOST: 'unix:///nonexistent' };

async function must(work: Promise<Ran>): Promise<string> {
  const { code, stdout, stderr } = await work;
  assert.is(code, 0, stderr);
  return stdout;
}

test('given an engine with a witness, when it is used, killed, started and stopped, then everybody can check what happened', async () => {
  await using directory = await temporaryDirectory();
  await using go = await GoChecker.start();
  const file = (name: string): string => join(directory.path, name);
  let daemon = await TestDaemon.start();
  let witness: Witness | undefined;
  try {
    const shiplog = (...args: readonly string[]): Promise<Ran> => daemon.shiplog(args);
    const vkey = (await must(shiplog('log', 'key'))).trim();
    const key = parseVerifierKey(vkey);
    assert.match(key.name, /^shiplog\/[0-9a-f]{12}$/);
    witness = await Witness.start({ directory: file('witness'), name: 'witness.example', logs: [key], host: '127.0.0.1', port: 0 });
    await daemon.end('SIGKILL');
    daemon = await TestDaemon.start({ directory: daemon.directory, extra: ['--witness', `${witness.url}=${witness.vkey}`] });
    assert.is((await must(shiplog('log', 'key'))).trim(), vkey);

    await must(shiplog('volume', 'create', 'data'));
    assert.match(await must(shiplog('log', 'checkpoint')), /\u2014 witness\.example /);
    await must(shiplog('log', 'prove', '2', '--out', file('proof')));
    const check = (...args: readonly string[]): Promise<Ran> =>
      run('shiplog', ['log', 'check', ...args, '--key', vkey, '--witness', witness?.vkey ?? ''], { env: NOWHERE });
    const proven = JSON.parse(await must(check(file('proof'), '--format', 'json'))) as {
      readonly seq: number;
      readonly event: { readonly seq: number };
    };
    assert.is(proven.seq, 2);
    assert.is(proven.event.seq, 2);

    await must(shiplog('log', 'export', '--tiles', file('mirror')));
    await daemon.end('SIGKILL');
    daemon = await TestDaemon.start({ directory: daemon.directory, extra: ['--witness', `${witness.url}=${witness.vkey}`] });
    await must(shiplog('volume', 'rm', 'data'));
    await must(shiplog('log', 'export', '--tiles', file('mirror')));
    const answer = await go.ask({ op: 'directory', dir: file('mirror'), key: vkey });
    assert.ok(answer.ok, answer.error);
    assert.match(await must(check(file('mirror'))), /all \d+ events are those/);

    // What a stopped engine leaves is signed to the end.
    await daemon.end('SIGTERM');
    const state = join(daemon.directory, 'root/drivers/api/tlog/checkpoint');
    const last = openCheckpoint(await readFile(state, 'utf8'), [verifierOf(key)], [verifierOf(parseVerifierKey(witness.vkey))]);
    assert.is(last.cosignatures.length, 1);
    await daemon.start();
    const [stopped] = (await daemon.events()).filter(({ type }) => type === 'engine.stopped').slice(-1);
    assert.is(last.size, (stopped?.seq ?? 0) + 1);
  } finally {
    await witness?.[Symbol.asyncDispose]();
    await daemon.destroy();
  }
});

test('given a log that was put back from a backup, when the engine starts, then it runs and signs nothing', async () => {
  await using directory = await temporaryDirectory();
  const daemon = await TestDaemon.start();
  try {
    await daemon.end('SIGTERM');
    const log = join(daemon.directory, 'root/log');
    await cp(log, join(directory.path, 'log'), { recursive: true });
    await daemon.start();
    await must(daemon.shiplog(['volume', 'create', 'data']));
    await must(daemon.shiplog(['log', 'checkpoint']));
    await daemon.end('SIGKILL');
    await rm(log, { recursive: true });
    await cp(join(directory.path, 'log'), log, { recursive: true });
    await daemon.start();
    const { code, stderr } = await daemon.shiplog(['log', 'prove', '0']);
    assert.is(code, 1);
    assert.match(stderr, /is lost|was rewritten/);
    await must(daemon.shiplog(['volume', 'create', 'other']));
  } finally {
    await daemon.destroy();
  }
});

test.run();
