// time limit: 300 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TestDaemon } from '@shiplog/test-support';

const test = suite('retention by itself');

/** What `shiplog info` says of the log. */
interface Info {
  readonly log: { readonly firstSeq: number; readonly sealedSeq: number; readonly durableSeq: number };
  readonly retention?: { readonly policy: object; readonly next?: { readonly verb: string } };
}

async function info(daemon: TestDaemon): Promise<Info> {
  const { code, stdout, stderr } = await daemon.shiplog(['info', '--format', '{{json .Shiplog}}']);
  assert.is(code, 0, stderr);
  return JSON.parse(stdout) as Info;
}

async function until(daemon: TestDaemon, reached: (found: Info) => boolean): Promise<Info> {
  for (;;) {
    const found = await info(daemon);
    if (reached(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function volumes(daemon: TestDaemon, prefix: string, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const { code, stderr } = await daemon.docker(['volume', 'create', `${prefix}-${number}`]);
    assert.is(code, 0, stderr);
  }
}

/**
 * Waits until all there is by now is in archives: these go as a whole, so what comes afterwards is in others. A volume comes after it, for what the
 * policy itself leaves at the end asks for no archive.
 */
async function sealed(daemon: TestDaemon, volume: string): Promise<void> {
  const { durableSeq } = (await info(daemon)).log;
  await volumes(daemon, volume, 1);
  await until(daemon, ({ log }) => log.sealedSeq > durableSeq);
}

test('given a daemon that may seal and prune, when its log grows, then it does so by itself, on record, also after kill -9 at any moment; what lives stays', async () => {
  const daemon = await TestDaemon.start({
    extra: ['--seal-after', '5s', '--retention-time', '10s', '--retention-events', '60', '--retention-bytes', '2k'],
  });
  try {
    await volumes(daemon, 'a', 40);
    const { retention } = await info(daemon);
    assert.equal(retention?.policy, { sealAfterMs: 5000, keepMs: 10_000, maxEvents: 60, maxBytes: 2048 });
    assert.ok(retention?.next);
    await sealed(daemon, 'after-a');
    await daemon.end('SIGKILL');
    await daemon.start();
    await volumes(daemon, 'b', 40);
    const { log } = await until(daemon, (found) => found.log.firstSeq > 0);
    await daemon.end('SIGKILL');
    await daemon.start();
    await sealed(daemon, 'after-b');
    await volumes(daemon, 'c', 40);
    await until(daemon, (found) => found.log.firstSeq > log.firstSeq);
    assert.is((await daemon.docker(['volume', 'ls', '-q'])).stdout.trim().split('\n').length, 122);
    const told = await daemon.docker(['events', '--since', '0', '--until', (Date.now() / 1000).toFixed(3), '--format', '{{.Action}}']);
    assert.is(told.code, 0, told.stderr);
    assert.match(told.stdout, 'create', 'docker is told of what is kept');
    const audit = await daemon.shiplog(['audit', '--verb', 'log.*', '--format', 'json']);
    const records = audit.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly verb: string; readonly status: string; readonly actor: object });
    // One may be under way.
    const pruned = records.filter(({ verb, status }) => verb === 'log.prune' && status !== 'pending');
    assert.ok(pruned.length > 0);
    for (const { actor, status } of pruned) assert.equal([actor, status], [{ scheme: 'system', reason: 'retention' }, 'ok']);
    const shown = await daemon.shiplog(['info']);
    assert.match(shown.stdout, /Log: +\d+ events, [\d.]+Ki?B, from \d+ on; older ones were pruned/);
    assert.match(shown.stdout, /Retention: +seals after 5 seconds, keeps 10 seconds, and 60 events, and 2KiB/);
    const verified = await daemon.shiplog(['log', 'verify', '--full', '--format', 'json']);
    assert.equal([verified.code, (JSON.parse(verified.stdout) as { readonly damage: unknown }).damage], [0, []]);
    const folded = await daemon.shiplog(['replay', 'redecide', '--format', 'json']);
    assert.is(folded.code, 0, folded.stdout);
  } finally {
    await daemon.destroy();
  }
});

test('given a log that goes again and again, when it is asked, told, exported and replayed meanwhile, then each read is of what is kept, and none fails', async () => {
  const daemon = await TestDaemon.start({ extra: ['--seal-after', '1s', '--retention-time', '1s', '--retention-events', '30'] });
  try {
    let [over, made] = [false, 0];
    type Run = () => Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
    // One after the other: while somebody always reads all of it, nothing goes.
    const beside = async (...runs: readonly Run[]): Promise<void> => {
      while (!over) {
        for (const run of runs) {
          const { code, stdout, stderr } = await run();
          assert.is(code, 0, `${stdout.slice(-300)} ${stderr}`);
        }
      }
    };
    const pruned = async (): Promise<void> => {
      const begins = new Set<number>();
      await until(daemon, ({ log }) => begins.add(log.firstSeq).size > 3);
    };
    const now = (): string => (Date.now() / 1000).toFixed(3);
    await Promise.all([
      pruned().finally(() => (over = true)),
      beside(() => daemon.docker(['volume', 'create', `volume-${(made += 1)}`])),
      beside(
        () => daemon.docker(['events', '--since', '0', '--until', now()]),
        () => daemon.shiplog(['audit', '--format', 'json']),
        () => daemon.shiplog(['log', 'export']),
        () => daemon.shiplog(['replay', 'redecide', '--format', 'json']),
      ),
    ]);
  } finally {
    await daemon.destroy();
  }
});

test('given objects of before what was pruned, when they go, then they are found by their names, and what was before is said to be pruned', async () => {
  const daemon = await TestDaemon.start();
  const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);
  try {
    const id = await docker('network', 'create', 'early');
    await docker('volume', 'create', 'early-volume');
    await volumes(daemon, 'more', 30);
    const pruned = await daemon.shiplog(['log', 'prune', '--before', 'now', '--force', '--format', 'json']);
    assert.is(pruned.code, 0, pruned.stderr);
    const { first } = JSON.parse(pruned.stdout) as { readonly first: number };
    assert.ok(first > 10, `${first}`);
    await docker('network', 'rm', 'early');
    const gone = await daemon.shiplog(['inspect', '--record', 'early']);
    assert.is(gone.code, 0, gone.stderr);
    assert.match(gone.stdout, id);
    const why = await daemon.shiplog(['why', 'early']);
    assert.match(why.stdout, /network early is gone[^]*network\.remove\.succeeded/);
    const at = ['--at', String(first - 1)];
    for (const verb of [
      ['ps', '-a'],
      ['images'],
      ['network', 'ls'],
      ['volume', 'ls'],
      ['info'],
      ['inspect', 'early-volume'],
      ['why', 'early-volume'],
    ]) {
      const { code, stderr } = await daemon.shiplog([...verb, ...at]);
      assert.is(code, 0, `${verb.join(' ')}: ${stderr}`);
    }
    assert.match((await daemon.shiplog(['network', 'ls', ...at])).stdout, 'early');
    assert.match((await daemon.shiplog(['diff', `${first - 1}..now`])).stdout, 'early');
    for (const kind of [[], ['--type', 'volume']]) {
      const before = await daemon.shiplog(['inspect', ...kind, 'early-volume', '--at', '5']);
      assert.is(before.code, 1);
      assert.match(before.stderr, `what was before event ${first} was pruned`);
    }
  } finally {
    await daemon.destroy();
  }
});

test.run();
