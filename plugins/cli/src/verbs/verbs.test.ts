import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeDaemon } from '../fake-daemon.test.double.ts';
import { NOW, runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('verbs');

const CONTAINER = {
  Id: 'abc'.padEnd(64, '0'),
  Names: ['/web'],
  Image: 'nginx',
  ImageID: 'sha256:1',
  Command: '/docker-entrypoint.sh nginx',
  Created: NOW / 1000 - 180,
  Ports: [
    { PrivatePort: 443, Type: 'tcp' },
    { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
  ],
  Labels: { app: 'web' },
  State: 'running',
  Status: 'Up 3 minutes',
};

const IMAGE = {
  Id: `sha256:${'d'.repeat(64)}`,
  RepoTags: ['localhost:5000/a:1', 'a:latest'],
  RepoDigests: [],
  Created: NOW / 1000 - 86_400 * 21,
  Size: 4_261_502,
  Labels: null,
};

test('given containers, when listed, then people read a table with human times', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /containers/json', () => [CONTAINER]);
    const ran = await runShiplog(['ps', '-a', '-f', 'label=app=web', '--filter', 'status=running'], { host: daemon.host });
    assert.is(
      ran.stdout,
      [
        'CONTAINER ID   IMAGE   COMMAND                  CREATED         STATUS         PORTS                                              NAMES',
        'abc000000000   nginx   "/docker-entrypoint.…"   3 minutes ago   Up 3 minutes   [::]:8080->80/tcp, 0.0.0.0:8080->80/tcp, 443/tcp   web',
        '',
      ].join('\n'),
    );
    const query = daemon.seen.at(-1)?.query;
    assert.is(query?.get('all'), '1');
    assert.equal(JSON.parse(query?.get('filters') ?? ''), { label: ['app=web'], status: ['running'] });
  });
});

test('given containers, when asked for json, a template, a table of fields or ids, then that is printed', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /containers/json', () => [CONTAINER]);
    const out = async (...argv: string[]): Promise<string> => (await runShiplog(['ps', ...argv], { host: daemon.host })).stdout;
    assert.is((JSON.parse(await out('--format', 'json')) as { Names: string }).Names, 'web');
    assert.is(await out('--format', String.raw`{{.Names}}\t{{json .Labels}}`), 'web\t"app=web"\n');
    assert.is(await out('--format', String.raw`table {{.Names}}\t{{.State}}`), 'NAMES   STATE\nweb     running\n');
    assert.is(await out('-q'), 'abc000000000\n');
    assert.is(await out('-q', '--no-trunc'), `${CONTAINER.Id}\n`);
    const wrong = await runShiplog(['ps', '--format', '{{.Nmaes}}'], { host: daemon.host });
    assert.is(wrong.code, 125);
    assert.match(wrong.stderr, /no field \.Nmaes\nhere there are: ID, Names/);
  });
});

test('given images, when listed, then every tag has a row, and -q an id only once', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /images/json', () => [IMAGE]);
    const ran = await runShiplog(['images'], { host: daemon.host });
    assert.is(
      ran.stdout,
      [
        'REPOSITORY         TAG      IMAGE ID       CREATED       SIZE',
        'localhost:5000/a   1        dddddddddddd   3 weeks ago   4.26MB',
        'a                  latest   dddddddddddd   3 weeks ago   4.26MB',
        '',
      ].join('\n'),
    );
    assert.is((await runShiplog(['images', '-q'], { host: daemon.host })).stdout, 'dddddddddddd\n');
  });
});

test('given several names, when one fails, then the others are done and the exit code is 1', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('DELETE /containers/b', () => [404, { message: 'No such container: b' }]);
    const ran = await runShiplog(['rm', '-f', 'a', 'b', 'c'], { host: daemon.host });
    assert.is(ran.code, 1);
    assert.is(ran.stdout, 'a\nc\n');
    assert.match(ran.stderr, /No such container: b\nlist containers with `shiplog ps -a`/);
    assert.is(daemon.seen.at(-1)?.query.get('force'), '1');
  });
});

test('given --since 2h, when events are asked, then the engine gets the time and people read lines', async () => {
  await FakeDaemon.run(async (daemon) => {
    const event = {
      Type: 'container',
      Action: 'die',
      Actor: { ID: 'e'.repeat(64), Attributes: { name: 'web', exitCode: '1' } },
      scope: 'local',
      time: 0,
      timeNano: NOW * 1e6,
    };
    daemon.answers.set('GET /events', async function* () {
      yield `${JSON.stringify(event)}\n`;
    });
    const ran = await runShiplog(['events', '--since', '2h', '--until', 'now'], { host: daemon.host });
    assert.match(ran.stdout, /^\d{4}-\d\d-\d\d \d\d:\d\d:00\.000 container die web eeeeeeeeeeee \(exitCode=1\)\n$/);
    const query = daemon.seen.at(-1)?.query;
    assert.is(query?.get('since'), `${NOW / 1000 - 7200}.000000000`);
    assert.is(query?.get('until'), `${NOW / 1000}.000000000`);
  });
});

test('given --from, when events are asked, then they are the log’s own, and a failure in the stream is told', async () => {
  await FakeDaemon.run(async (daemon) => {
    const event = {
      seq: 12,
      t: String(BigInt(NOW) * 1_000_000n),
      type: 'container.start.failed',
      stream: `container/${'f'.repeat(64)}`,
      actor: { scheme: 'unix', uid: 0, gid: 0, pid: 77 },
      result: { status: 'failed', ms: 12.4, error: { code: 'PORT_IN_USE', message: 'port 80 is taken' } },
    };
    daemon.answers.set('GET /shiplog/v1/events', async function* () {
      yield `${JSON.stringify(event)}\n`;
      yield `${JSON.stringify({ error: { code: 'LOG_CORRUPT', message: 'a hole at 13' } })}\n`;
    });
    const ran = await runShiplog(['events', '--from', '12', '--type', 'container.*'], { host: daemon.host });
    assert.match(
      ran.stdout,
      /^#12 .* container\.start\.failed container\/ffffffffffff failed PORT_IN_USE: port 80 is taken by uid 0 pid 77\n$/,
    );
    assert.is(ran.code, 1);
    assert.match(ran.stderr, /a hole at 13\nThe log has a hole/);
    assert.is(daemon.seen.at(-1)?.query.get('type'), 'container.*');
    assert.is((await runShiplog(['events', '--from', '1', '--since', '2h'])).code, 125);
  });
});

test('given a container that is gone, when inspected, then its last state answers, as Docker tells it or as the log does, and when it went is told', async () => {
  await FakeDaemon.run(async (daemon) => {
    for (const path of ['/containers/job/json', '/images/job/json', '/networks/job', '/volumes/job']) {
      daemon.answers.set(`GET ${path}`, () => [404, { message: 'no' }]);
    }
    const record = { id: 'c0ffee', name: 'job', exitCode: 3 };
    const answer = { kind: 'container', seq: 7, removedAt: { seq: 8, time: '1769860800000000000' }, record };
    daemon.answers.set('GET /shiplog/v1/inspect/any/job', () => answer);
    daemon.answers.set('GET /containers/c0ffee/json', () => ({ Name: '/job' }));
    const ran = await runShiplog(['inspect', 'job'], { host: daemon.host });
    assert.equal(JSON.parse(ran.stdout), [{ Name: '/job' }]);
    assert.is(daemon.seen.at(-1)?.query.get('at'), '7');
    assert.match(ran.stderr, /^job is gone since .* \(event 8\); this is its last state\n$/);
    const own = await runShiplog(['inspect', '--record', 'job'], { host: daemon.host });
    assert.equal(JSON.parse(own.stdout), [{ kind: 'container', atSeq: 7, removedAt: answer.removedAt, ...record }]);
    assert.match(own.stderr, /^job is gone since/);
  });
});

test('given a moment, when something is inspected at it, then it has the shape it has without one, and with --record that of the log', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /containers/job/json', () => ({ Name: '/job' }));
    daemon.answers.set('GET /shiplog/v1/inspect/any/job', () => ({ kind: 'container', seq: 7, record: { name: 'job', exitCode: 3 } }));
    for (const [argv, printed] of [
      [['inspect', '-f', '{{.Name}}', 'job'], '/job\n'],
      [['inspect', '--at', '10m', '-f', '{{.Name}}', 'job'], '/job\n'],
      [['inspect', '--record', '--at', '10m', '-f', '{{.exitCode}}', 'job'], '3\n'],
    ] as const) {
      assert.is((await runShiplog(argv, { host: daemon.host })).stdout, printed);
      assert.is(daemon.seen.at(-1)?.query.get('at'), argv[1] === '-f' ? null : '10m');
    }
  });
});

test('given a damaged log, when verified, then the ranges are named and the exit code is 1', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /shiplog/v1/log/verify', async function* () {
      yield '{"checked":5,"total":9}\n';
      yield '{"from":0,"events":9,"head":"ab","damage":[{"from":3,"to":4,"reason":"checksum"}]}\n';
    });
    const ran = await runShiplog(['log', 'verify'], { host: daemon.host });
    assert.is(ran.stdout, '9 events checked\nhead ab\ndamaged: events 3 to 4: checksum\n');
    assert.is(ran.code, 1);
  });
});

test('given an image, when saved, then the archive goes to stdout or into a file, and half of one stays nowhere', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /images/get', async function* () {
      yield 'tar';
      yield ' bytes';
    });
    const piped = await runShiplog(['save', 'web:1', 'db'], { host: daemon.host });
    assert.equal([piped.code, piped.stdout], [0, 'tar bytes'], piped.stderr);
    assert.equal(daemon.seen.at(-1)?.query.getAll('names'), ['web:1', 'db']);
    const directory = await mkdtemp(join(tmpdir(), 'shiplog-save-'));
    try {
      const file = join(directory, 'web.tar');
      assert.is((await runShiplog(['save', '-o', file, 'web:1'], { host: daemon.host })).code, 0);
      assert.is(await readFile(file, 'utf8'), 'tar bytes');
      await rm(file);
      daemon.answers.set('GET /images/get', async function* () {
        yield 'half';
        // Once what came is being written.
        while (!(await readdir(directory)).includes('web.tar.part')) await setImmediate();
        daemon.hangUp();
      });
      const failed = await runShiplog(['save', '-o', file, 'web:1'], { host: daemon.host });
      assert.is(failed.code, 1);
      assert.match(failed.stderr, 'not whole');
      assert.equal(await readdir(directory), []);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

test('given what takes space, when it is shown, then people read tables and programs bytes', async () => {
  await FakeDaemon.run(async (daemon) => {
    const usage = {
      LayersSize: 9_000_000,
      Images: [{ ...IMAGE, SharedSize: 1_000_000, Containers: 1 }],
      Containers: [{ ...CONTAINER, SizeRw: 4096, SizeRootFs: 4_265_598 }],
      Volumes: [
        { Name: 'data', Driver: 'local', UsageData: { Size: 7_000, RefCount: 1 } },
        { Name: 'far', Driver: 'nfs', UsageData: { Size: -1, RefCount: 0 } },
      ],
      BuildCache: [],
      ImageUsage: { TotalCount: 1, ActiveCount: 1, TotalSize: 9_000_000, Reclaimable: 3_000_000 },
      ContainerUsage: { TotalCount: 1, ActiveCount: 1, TotalSize: 4096, Reclaimable: 0 },
      VolumeUsage: { TotalCount: 2, ActiveCount: 1, TotalSize: 7000, Reclaimable: 0 },
    };
    daemon.answers.set('GET /system/df', () => usage);
    const { host } = daemon;
    assert.is(
      (await runShiplog(['df'], { host })).stdout,
      [
        'TYPE            TOTAL   ACTIVE   SIZE    RECLAIMABLE',
        'Images          1       1        9MB     3MB (33%)',
        'Containers      1       1        4.1kB   0B (0%)',
        'Local Volumes   2       1        7kB     0B (0%)',
        '',
      ].join('\n'),
    );
    const { stdout } = await runShiplog(['df', '-v'], { host });
    assert.match(stdout, /localhost:5000\/a +1 +d{12} +3 weeks ago +4\.26MB +1MB +3\.26MB +1\n/);
    assert.match(stdout, /abc0{9} +nginx +web +Up 3 minutes +4\.1kB +4\.27MB\n/);
    assert.match(stdout, /data +1 +7kB\nfar +0 +N\/A\n/);
    assert.equal(JSON.parse((await runShiplog(['df', '-v', '--format', 'json'], { host })).stdout), usage);
    assert.is(
      (await runShiplog(['df', '--format', '{{.Type}} {{.Size}}'], { host })).stdout,
      'Images 9MB\nContainers 4.1kB\nLocal Volumes 7kB\n',
    );
    assert.is((await runShiplog(['df', '-v', '--format', '{{.Type}}'], { host })).code, 125);
  });
});

test('given a container, when committed, then name, words and instructions are sent, and the id is printed', async () => {
  await FakeDaemon.run(async (daemon) => {
    const { host } = daemon;
    daemon.answers.set('POST /commit', () => [201, { Id: 'sha256:1' }]);
    const flags = ['-a', 'Ann', '-m', 'why', '-c', 'ENV A=b', '-c', 'CMD sh', '--no-pause'];
    const ran = await runShiplog(['commit', ...flags, 'web', 'host:5000/web:2'], { host });
    assert.equal([ran.code, ran.stdout], [0, 'sha256:1\n'], ran.stderr);
    assert.equal(
      [...(daemon.seen.at(-1)?.query ?? [])],
      [
        ['container', 'web'],
        ['repo', 'host:5000/web'],
        ['tag', '2'],
        ['author', 'Ann'],
        ['comment', 'why'],
        ['changes', 'ENV A=b'],
        ['changes', 'CMD sh'],
        ['pause', '0'],
      ],
    );
    assert.is((await runShiplog(['commit', '--format', 'json', 'web'], { host })).stdout, '{"Id":"sha256:1"}\n');
    assert.is(daemon.seen.at(-1)?.query.get('pause'), '1');
  });
});

test('given an archive on stdin, when loaded, then it is sent whole, and an error in the stream fails the command', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('POST /images/load', async function* () {
      yield '{"stream":"Loaded image: a:1\\n"}\r\n';
    });
    const ran = await runShiplog(['load'], { host: daemon.host, input: 'tar bytes' });
    assert.equal(ran, { code: 0, stdout: 'Loaded image: a:1\n', stderr: '' });
    assert.is(daemon.seen.at(-1)?.body, 'tar bytes');
    daemon.answers.set('POST /images/load', async function* () {
      yield '{"errorDetail":{"message":"cut short"},"error":"cut short"}\r\n';
    });
    const failed = await runShiplog(['load'], { host: daemon.host, input: 'x' });
    assert.is(failed.code, 1);
    assert.match(failed.stderr, 'shiplog: cut short');
    assert.is((await runShiplog(['load', '-i', '/nonexistent'], { host: daemon.host })).code, 1);
  });
});

test('given a name with a registry, when tagged, then repository and tag are told apart', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('POST /images/a/tag', () => [201, undefined]);
    assert.is((await runShiplog(['tag', 'a', 'localhost:5000/b'], { host: daemon.host })).code, 0);
    assert.is(daemon.seen.at(-1)?.query.toString(), 'repo=localhost%3A5000%2Fb&tag=latest');
  });
});

test('given the client alone, when its version is asked, then no engine is needed', async () => {
  const ran = await runShiplog(['version', '--client', '--format', '{{.Client.Version}}']);
  assert.equal(ran, { code: 0, stdout: '0.1.0\n', stderr: '' });
});

test('given published ports, when they are asked for, then all are told, or the addresses of one', async () => {
  await FakeDaemon.run(async (daemon) => {
    const both = [
      { HostIp: '0.0.0.0', HostPort: '8080' },
      { HostIp: '::', HostPort: '8080' },
    ];
    const Ports = { '53/udp': [{ HostIp: '127.0.0.1', HostPort: '5353' }], '80/tcp': both, '443/tcp': null };
    daemon.answers.set('GET /containers/web/json', () => ({ Id: 'c', NetworkSettings: { Ports } }));
    const port = (...argv: string[]) => runShiplog(['port', ...argv], { host: daemon.host });
    assert.is((await port('web')).stdout, '53/udp -> 127.0.0.1:5353\n80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n');
    assert.is((await port('web', '80')).stdout, '0.0.0.0:8080\n[::]:8080\n');
    assert.is((await port('web', '53/udp', '--format', '{{.HostPort}}', '--at', '2h')).stdout, '5353\n');
    assert.is(daemon.seen.at(-1)?.query.get('at'), '2h');
    const none = await port('web', '443');
    assert.equal([none.code, none.stdout], [1, '']);
    assert.match(none.stderr, 'web does not publish 443/tcp\nlist what it does with `shiplog port web`');
    assert.is((await port('web', 'http')).code, 125);
  });
});

test('given a file that is not in a container, when it is copied out, then people are told how to look for it', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /containers/web/archive', () => [404, { message: 'Could not find the file /nosuch in container web' }]);
    const { code, stderr } = await runShiplog(['cp', 'web:/nosuch', '.'], { host: daemon.host });
    assert.is(code, 1);
    assert.match(stderr, 'look where it is with `shiplog exec CONTAINER ls DIRECTORY`');
  });
});

test.run();
