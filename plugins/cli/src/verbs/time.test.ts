import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeDaemon } from '../fake-daemon.test.double.ts';
import { localTime } from '../format/human-time.ts';
import { runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('verbs that look at the past');

const DIFF = {
  from: 10,
  to: 20,
  changes: [
    { change: 'removed', kind: 'container', id: 'a'.repeat(64), name: 'old' },
    { change: 'added', kind: 'image', id: `sha256:${'b'.repeat(64)}`, name: `sha256:${'b'.repeat(64)}` },
    {
      change: 'changed',
      kind: 'container',
      id: 'c'.repeat(64),
      name: 'web',
      fields: [
        { field: 'status', before: 'running', after: 'exited' },
        { field: 'process', before: { pid: 1 } },
        { field: 'error', before: '', after: 'x'.repeat(60) },
        { field: 'finishedAt', before: '', after: '1767225600000000000' },
      ],
    },
  ],
};

const event = (seq: number, type: string, more: object = {}): object => ({
  seq,
  type,
  t: '1767225600000000000',
  kind: type.endsWith('.requested') ? 'intent' : 'observed',
  stream: 'container/x',
  actor: { scheme: 'system', reason: 'exit' },
  data: {},
  ...more,
});

const WHY = {
  kind: 'container',
  record: { name: 'web', status: 'exited', exitCode: 143, error: '', restartCount: 0, spec: { restart: { policy: 'no', maxRetries: 0 } } },
  seq: 9,
  chain: [
    { relation: 'last', event: event(7, 'container.exited', { data: { exitCode: 143, oomKilled: false } }) },
    {
      relation: 'during',
      event: event(5, 'container.stop.requested', {
        data: { decided: { signal: 15 } },
        actor: { scheme: 'unix', uid: 0, gid: 0, pid: 77, exe: '/usr/bin/docker' },
        req: { method: 'POST', route: '/containers/{id}/stop', agent: 'Docker-Client' },
      }),
    },
  ],
  origin: [],
  health: [],
};

test('given a moment, when sizes are asked for, then they are refused: the log has none', async () => {
  for (const argv of [
    ['ps', '--at', '7', '--size'],
    ['inspect', '-s', '--at', '7', 'web'],
  ]) {
    const { code, stdout, stderr } = await runShiplog(argv);
    assert.equal([code, stdout], [125, '']);
    assert.match(stderr, '--size does not go with --at');
  }
});

test('given a list verb, when a moment is given, then the engine is asked for it as it was written', async () => {
  for (const [verb, path, answer] of [
    [['ps'], '/containers/json', []],
    [['images'], '/images/json', []],
    [['network', 'ls'], '/networks', []],
    [['volume', 'ls'], '/volumes', { Volumes: [] }],
  ] as const) {
    await FakeDaemon.run(async (daemon) => {
      daemon.answers.set(`GET ${path}`, () => answer);
      const ran = await runShiplog([...verb, '--at', '10 minutes ago'], { host: daemon.host });
      assert.is(ran.code, 0, ran.stderr);
      assert.is(daemon.seen.at(-1)?.query.get('at'), '10 minutes ago');
    });
  }
});

test('given two moments, when compared, then people read a table and programs JSON', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /shiplog/v1/diff', () => DIFF);
    const ran = await runShiplog(['diff', '2026-01-31T10:00:00.5Z..now'], { host: daemon.host });
    assert.equal(
      ran.stdout.split('\n').map((line) => line.split(/ {3,}/)),
      [
        ['CHANGE', 'KIND', 'NAME', 'FIELD', 'BEFORE', 'AFTER'],
        ['removed', 'container', 'old'],
        ['added', 'image', 'b'.repeat(12)],
        ['changed', 'container', 'web', 'status', 'running', 'exited'],
        ['changed', 'container', 'web', 'process', '{"pid":1}', '-'],
        ['changed', 'container', 'web', 'error', '""', `${'x'.repeat(39)}…`],
        ['changed', 'container', 'web', 'finishedAt', '""', localTime(1_767_225_600_000)],
        [''],
      ],
    );
    const query = daemon.seen.at(-1)?.query;
    assert.equal([query?.get('from'), query?.get('to')], ['2026-01-31T10:00:00.5Z', 'now']);
    const json = await runShiplog(['diff', '10', '--type', 'image', '--format', 'json'], { host: daemon.host });
    assert.equal(JSON.parse(json.stdout), DIFF.changes[1]);
    assert.is(daemon.seen.at(-1)?.query.get('to'), null);
    for (const argv of [['..20'], ['10', '--type', 'images']])
      assert.is((await runShiplog(['diff', ...argv], { host: daemon.host })).code, 125, argv.join(' '));
    for (const [from, to, told] of [
      [10, 20, 'nothing differs between events 10 and 20'],
      [20, 20, 'both moments are after event 20, and before the next'],
      [-1, -1, 'both moments come before the log begins'],
    ] as const) {
      daemon.answers.set('GET /shiplog/v1/diff', () => ({ from, to, changes: [] }));
      assert.match((await runShiplog(['diff', '10..20'], { host: daemon.host })).stderr, told);
    }
  });
});

test('given a container that was stopped, when asked why, then people read the chain down to its caller', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /shiplog/v1/why/any/web', () => WHY);
    const { stdout, code } = await runShiplog(['why', 'web'], { host: daemon.host });
    const lines = stdout.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/g, 'TIME').split('\n');
    assert.equal(lines, [
      'container web is exited with code 143',
      '  TIME #7 container.exited: code 143',
      '    TIME #5 during container.stop.requested: signal 15',
      `      asked by ${lines[3]?.split('asked by ')[1] ?? ''}`,
      '',
    ]);
    assert.match(lines[3] ?? '', 'via POST /containers/{id}/stop (Docker-Client)');
    assert.is(code, 0);
    const json = await runShiplog(['why', 'web', '--format', 'json', '--at', '9'], { host: daemon.host });
    assert.equal(JSON.parse(json.stdout), WHY);
    assert.is(daemon.seen.at(-1)?.query.get('at'), '9');
  });
});

test('given a container that its policy restarted and whose health changed, when asked why, then people read by whom, how often, and what probes found', async () => {
  await FakeDaemon.run(async (daemon) => {
    const after = (seq: number, type: string, more: object = {}): object => ({ relation: 'after', event: event(seq, type, more) });
    const probe = (was: string, status: string, exitCode: number): object => ({ data: { was, status, exitCode, failingStreak: 0 } });
    const engine = { actor: { scheme: 'system', reason: 'restart-policy' }, cause: 6 };
    const start = after(20, 'container.start.succeeded');
    daemon.answers.set('GET /shiplog/v1/why/any/web', () => ({
      ...WHY,
      record: {
        ...WHY.record,
        status: 'running',
        process: { pid: 1 },
        health: { status: 'unhealthy', failingStreak: 3 },
        restartCount: 2,
        spec: { restart: { policy: 'on-failure', maxRetries: 5 } },
      },
      chain: [start, after(12, 'container.start.requested', engine)],
      health: [
        after(30, 'container.health', probe('healthy', 'unhealthy', -1)),
        after(25, 'container.health', probe('starting', 'healthy', 0)),
        start,
      ],
    }));
    const { stdout } = await runShiplog(['why', 'web'], { host: daemon.host });
    const lines = stdout.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/g, 'TIME').split('\n');
    assert.equal(lines, [
      'container web is running (unhealthy), restarted 2 times by its policy on-failure, at most 5 times',
      '  TIME #20 after container.start.succeeded',
      '    TIME #12 after container.start.requested by the engine (restart-policy)',
      '      asked by the engine (restart-policy)',
      'Its health:',
      '  TIME #30 after container.health: healthy to unhealthy, a probe could not run or took too long',
      '    TIME #25 after container.health: starting to healthy, a probe ended with code 0',
      '      TIME #20 after container.start.succeeded',
      '',
    ]);
  });
});

test('given what is no moment, when it is compared, then people are told of the verb for what a container wrote', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /shiplog/v1/diff', () => [400, { code: 'REQUEST_INVALID', message: 'cannot read "web" as a moment' }]);
    const told = async (range: string): Promise<string> => (await runShiplog(['diff', range], { host: daemon.host })).stderr;
    assert.is(await told('web'), 'shiplog: cannot read "web" as a moment\nwhat a container wrote is told by `shiplog changes web`\n');
    assert.not.match(await told('web..now'), 'shiplog changes');
  });
});

test.run();
