import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeDaemon } from '../fake-daemon.test.double.ts';
import { NOW, runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('audit and export verbs');

const RECORD = {
  seq: 7,
  outcome: 8,
  time: String(BigInt(NOW) * 1_000_000n),
  op: 'o',
  corr: 'o',
  verb: 'container.remove',
  object: `container/${'0123456789ab'.padEnd(64, '0')}`,
  ref: 'web, "old"',
  actor: { scheme: 'unix', uid: 0, gid: 0, pid: 77, loginuid: 54_321 },
  strength: 'kernel',
  status: 'refused',
  error: { code: 'CONTAINER_RUNNING', message: 'it runs' },
  via: { method: 'DELETE', route: '/containers/{id}' },
};

const EVENT = { seq: 0, type: 'engine.started', t: RECORD.time, kind: 'meta', stream: 'engine', rev: 0, op: 'o', corr: 'o', inst: 'i', id: 'e', mono: '1', boot: 'b', actor: { scheme: 'system', reason: 'start' }, data: {} }; // prettier-ignore

test('given acts, when they are audited, then people read who, what, outcome and from where', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /shiplog/v1/audit', async function* () {
      yield `${JSON.stringify(RECORD)}\n`;
    });
    const ran = await runShiplog(['audit', '--user', 'root', '--user', 'CN=alice', '--since', '2h', '--status', 'refused'], {
      host: daemon.host,
    });
    assert.match(ran.stdout, /^TIME +WHO +VERB +OBJECT +OUTCOME +VIA\n/);
    assert.match(
      ran.stdout,
      /root \(logged in as uid 54321\) pid 77 +container\.remove +container\/0123456789ab \(web, "old"\) +refused CONTAINER_RUNNING +DELETE \/containers\/\{id\}\n/,
    );
    const query = daemon.seen.at(-1)?.query;
    assert.equal(
      [query?.getAll('uid'), query?.getAll('user'), query?.get('from'), query?.get('status')],
      [['0'], ['CN=alice'], '2h', 'refused'],
    );
    const csv = await runShiplog(['audit', '--format', 'csv'], { host: daemon.host });
    assert.match(
      csv.stdout,
      /^time,seq,verb,.*\r\n2026-01-31T12:00:00\.000Z,7,container\.remove,container\/[0-9a-f]{64},"web, ""old""",refused,CONTAINER_RUNNING,,/,
    );
    const json = await runShiplog(['audit', '--format', 'json'], { host: daemon.host });
    assert.equal(JSON.parse(json.stdout), RECORD);
    assert.is((await runShiplog(['audit', '--format', 'xml'])).code, 125);
  });
});

test('given names with what a terminal obeys, when acts are audited, then each is one row, and shows what was sent', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /shiplog/v1/audit', async function* () {
      const { error: _, ref: __, ...common } = RECORD as { ref?: unknown; error?: unknown };
      yield `${JSON.stringify({ ...common, object: 'volume/no\u001b[1A\u001b[2K\n2026-01-31 12:00:00 nobody\u202e\u009b2J' })}\n`;
    });
    const { stdout } = await runShiplog(['audit'], { host: daemon.host });
    assert.match(stdout, String.raw`volume/no\u001b[1A\u001b[2K\u000a2026-01-31 12:00:00 nobody\u202e\u009b2J`);
    assert.is(stdout.trimEnd().split('\n').length, 2);
  });
});

test('given acts that name more than one thing, when they are audited, then people read all of it, in the order of asking', async () => {
  const { error: _, ref: __, ...common } = RECORD as { ref?: unknown; error?: unknown };
  const id = 'fedcba987654'.padEnd(64, '0');
  const acts = [
    [{ verb: 'container.rename', ref: 'web', target: 'container/shop' }, 'container/0123456789ab (web) to container/shop '],
    [{ verb: 'image.tag', object: `image/sha256:${id}`, ref: 'a:1', target: 'image/b:1' }, `image/sha256:fedcba987654 (a:1) as image/b:1 `],
    [{ verb: 'network.disconnect', ref: 'web', target: `network/${id}` }, 'container/0123456789ab (web) from network/fedcba987654 '],
    [
      {
        verb: 'image.load',
        object: 'engine',
        images: [
          { id: `sha256:${id}`, tags: ['a:1', 'a:2'] },
          { id: 'sha256:2', tags: [] },
        ],
      },
      'image/sha256:fedcba987654 (a:1, a:2) and 1 more ',
    ],
    [{ verb: 'container.archive', ref: 'web', path: '/etc' }, 'container/0123456789ab (web) at /etc '],
    [{ verb: 'container.attach', ref: 'web', streams: ['stdin', 'stdout'] }, 'container/0123456789ab (web) by stdin, stdout '],
    [{ verb: 'registry.login', object: 'registry/r:5000', target: 'user/alice' }, 'registry/r:5000 as user/alice '],
    [{ verb: 'exec.create', ref: 'web', command: ['sh', '-c', 'a\nb'] }, 'container/0123456789ab (web): sh -c a b '],
    [{ verb: 'exec.create', ref: 'web', command: ['echo', 'x'.repeat(99)] }, `(web): echo ${'x'.repeat(54)}… `],
    [{ verb: 'exec.start', ref: id }, 'container/0123456789ab (fedcba987654) '],
  ] as const;
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /shiplog/v1/audit', async function* () {
      for (const [index, [act]] of [...acts.entries()].toReversed())
        yield `${JSON.stringify({ ...common, status: 'ok', ...act, seq: index })}\n`;
    });
    const lines = (await runShiplog(['audit'], { host: daemon.host })).stdout.split('\n').slice(1);
    for (const [index, [, text]] of acts.entries()) assert.match(lines[index] ?? '', text);
    daemon.answers.set('GET /shiplog/v1/audit', async function* () {});
    assert.is((await runShiplog(['audit', '--object', 'nobody'], { host: daemon.host })).stderr, 'nobody asked for anything that fits\n');
    assert.match(
      (await runShiplog(['audit', '--uid', '7'], { host: daemon.host })).stderr,
      /fits\nwho was erased is found by a pseudonym alone: --subject\n$/,
    );
  });
});

test('given reads of the log, when they are audited, then people read what was read', async () => {
  const { ref: _, error: __, ...common } = RECORD as { ref?: unknown; error?: unknown };
  const reads = [
    [
      { from: 3, to: 9, follow: false, filters: { type: ['container.*', 'image.*'], uid: [] } },
      'log 3 to 9 (type container.* image.*, uid)',
    ],
    [{ from: 7, to: 7, follow: false }, 'log 7 '],
    [{ from: 0, follow: true }, 'log 0 to ever'],
  ] as const;
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /shiplog/v1/audit', async function* () {
      for (const [read] of reads) yield `${JSON.stringify({ ...common, verb: 'log.read', object: 'log', status: 'ok', read })}\n`;
    });
    const lines = (await runShiplog(['audit'], { host: daemon.host })).stdout.split('\n').slice(1);
    for (const [index, [, text]] of reads.entries()) assert.match(lines[index] ?? '', text);
  });
});

test('given a name that nobody has here, when audited, then that is said, and nothing is asked', async () => {
  await FakeDaemon.run(async (daemon) => {
    const { code, stderr } = await runShiplog(['audit', '--user', 'nobody-of-that-name'], { host: daemon.host });
    assert.is(code, 125);
    assert.match(stderr, 'there is no user "nobody-of-that-name" on this machine');
    assert.match(stderr, '--uid NUMBER');
    assert.equal(daemon.calls, []);
  });
});

test('given a person, when erased, then the engine is asked and the pseudonym is printed', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('POST /shiplog/v1/subjects/erase', () => ({ subject: 'f00df00df00df00d' }));
    const ran = await runShiplog(['audit', 'erase', '--subject', 'uid:1000'], { host: daemon.host });
    assert.equal(ran, { code: 0, stdout: 'f00df00df00df00d\n', stderr: '' });
    assert.is(daemon.seen.at(-1)?.query.get('subject'), 'uid:1000');
    assert.is((await runShiplog(['audit', 'erase'])).code, 125);
  });
});

test('given a log, when it is exported and converted later, then the file is whole, and what is no event is told by its line', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'export-verb-'));
  const at = (name: string): string => join(directory, name);
  try {
    await FakeDaemon.run(async (daemon) => {
      daemon.answers.set('GET /shiplog/v1/info', () => ({ durableSeq: 0 }));
      daemon.answers.set('GET /shiplog/v1/log/boundary', () => ({ first: 0 }));
      daemon.answers.set('GET /shiplog/v1/events', async function* () {
        yield `${JSON.stringify(EVENT)}\n`;
      });
      assert.equal(await runShiplog(['log', 'export', '--sealed', '--out', at('log.ndjson')], { host: daemon.host }), {
        code: 0,
        stdout: '',
        stderr: '',
      });
      assert.is(daemon.seen.at(-1)?.query.get('sealed'), '1');
      daemon.answers.set('GET /shiplog/v1/events', async function* () {
        yield `${JSON.stringify(EVENT)}\n${JSON.stringify({ error: { code: 'LOG_CORRUPT', message: 'a hole at 1' } })}\n`;
      });
      const broken = await runShiplog(['log', 'export', '--out', at('broken')], { host: daemon.host });
      assert.is(broken.code, 1);
    });
    const text = await readFile(at('log.ndjson'), 'utf8');
    assert.equal(JSON.parse(text), EVENT);
    await writeFile(at('log.ndjson.zst'), zstdCompressSync(text));
    for (const input of ['log.ndjson', 'log.ndjson.zst']) {
      const csv = await runShiplog(['log', 'export', '--input', at(input), '--format', 'csv']);
      assert.match(csv.stdout, /\r\n0,2026-01-31T12:00:00\.000000000Z,engine\.started,meta,engine,/);
    }
    assert.match(
      (await runShiplog(['log', 'export', '--input', '-', '--format', 'cloudevents'], { input: text })).stdout,
      '"specversion":"1.0"',
    );
    await writeFile(at('wrong'), `${text}{"seq":1}\n`);
    const wrong = await runShiplog(['log', 'export', '--input', at('wrong'), '--out', at('never')]);
    assert.match(wrong.stderr, `${at('wrong')}:2 is no event`);
    assert.is((await runShiplog(['log', 'export', '--format', 'xml'])).code, 1);
    assert.equal((await readdir(directory)).toSorted(), ['log.ndjson', 'log.ndjson.zst', 'wrong']);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('given a pruned log, when all of it is exported, then what stands for its beginning is the first line, which is none of the events', async () => {
  const boundary = { v: 1, kind: 'boundary', first: 7, state: { schema: 1, seq: 6 } };
  await using temporary = await temporaryDirectory();
  const out = join(temporary.path, 'log.ndjson');
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /shiplog/v1/info', () => ({ durableSeq: 7 }));
    daemon.answers.set('GET /shiplog/v1/log/boundary', () => boundary);
    daemon.answers.set('GET /shiplog/v1/events', async function* () {
      yield `${JSON.stringify({ ...EVENT, seq: 7 })}\n`;
    });
    const exported = async (...options: readonly string[]): Promise<readonly unknown[]> => {
      const { code, stderr } = await runShiplog(['log', 'export', '--out', out, ...options], { host: daemon.host });
      assert.is(code, 0, stderr);
      return (await readFile(out, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    assert.equal(await exported('--from', '7'), [{ ...EVENT, seq: 7 }]);
    assert.equal(await exported(), [boundary, { ...EVENT, seq: 7 }]);
    assert.is(daemon.seen.at(-1)?.query.get('from'), '7');
  });
  const csv = await runShiplog(['log', 'export', '--input', out, '--format', 'csv']);
  assert.match(csv.stdout, /\r\n7,2026/);
});

test.run();
