// time limit: 240 s
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, run, TestDaemon } from '@shiplog/test-support';
import { ask } from './raw-http.ts';

const IMAGE = 'busybox:test';
const NOBODY = 65534;

const test = suite('audit');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-audit-'));
const archive = join(scratch, 'busybox.tar');
const daemon = await TestDaemon.start();

test.before(async () => {
  await busyboxArchive(archive, IMAGE);
  assert.is((await daemon.docker(['load', '-q', '-i', archive])).code, 0);
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: string | Uint8Array;
}

interface Case {
  readonly verb: string;
  /** Makes ready and answers the request that will succeed. */
  readonly good: () => Promise<Request>;
  readonly goodStatus: number;
  /** Requests that are refused, with their status. */
  readonly bad: readonly (Request & { readonly status: number })[];
}

const post = (path: string, body?: string | Uint8Array): Request => ({ method: 'POST', path, ...(body === undefined ? {} : { body }) });
const drop = (path: string): Request => ({ method: 'DELETE', path });
const refused = (status: number, request: Request) => ({ ...request, status });

async function created(command: readonly string[] = ['sleep', '60'], extra: object = {}): Promise<string> {
  const { status, body } = await ask(daemon.socket, 'POST', '/containers/create', JSON.stringify({ Image: IMAGE, Cmd: command, ...extra }));
  assert.is(status, 201, body);
  return (JSON.parse(body) as { Id: string }).Id;
}

async function running(extra: object = {}): Promise<string> {
  const id = await created(['sleep', '60'], extra);
  assert.is((await ask(daemon.socket, 'POST', `/containers/${id}/start`)).status, 204);
  return id;
}

async function session(tty = false): Promise<string> {
  const { body } = await ask(
    daemon.socket,
    'POST',
    `/containers/${await running()}/exec`,
    JSON.stringify({ Cmd: ['sleep', '30'], Tty: tty }),
  );
  return (JSON.parse(body) as { Id: string }).Id;
}

const CASES: readonly Case[] = [
  {
    verb: 'container.create',
    good: async () => post('/containers/create', JSON.stringify({ Image: IMAGE, Cmd: ['true'] })),
    goodStatus: 201,
    bad: [
      refused(400, post('/containers/create', '{"Image":')),
      refused(400, post('/containers/create', '{"Image":7}')),
      refused(404, post('/containers/create', '{"Image":"nobody"}')),
      refused(400, post('/containers/create?name=-bad-', JSON.stringify({ Image: IMAGE, Cmd: ['true'] }))),
      refused(400, post('/containers/create', JSON.stringify({ Image: IMAGE, Cmd: ['true'], Env: ['=value'] }))),
    ],
  },
  {
    verb: 'container.start',
    good: async () => post(`/containers/${await created()}/start`),
    goodStatus: 204,
    bad: [refused(404, post('/containers/nobody/start')), refused(400, post('/containers/nobody/start', '{"Binds":[]}'))],
  },
  {
    verb: 'container.stop',
    good: async () => post(`/containers/${await running()}/stop?t=0`),
    goodStatus: 204,
    bad: [refused(404, post('/containers/nobody/stop')), refused(400, post('/containers/nobody/stop?t=soon'))],
  },
  {
    verb: 'container.restart',
    good: async () => post(`/containers/${await running()}/restart?t=0`),
    goodStatus: 204,
    bad: [refused(404, post('/containers/nobody/restart')), refused(400, post('/containers/nobody/restart?t=soon'))],
  },
  {
    verb: 'container.kill',
    good: async () => post(`/containers/${await running()}/kill`),
    goodStatus: 204,
    bad: [
      refused(404, post('/containers/nobody/kill')),
      refused(409, post('/containers/idle/kill')),
      refused(400, post('/containers/busy/kill?signal=NOSUCH')),
    ],
  },
  {
    verb: 'container.pause',
    good: async () => post(`/containers/${await running()}/pause`),
    goodStatus: 204,
    bad: [refused(404, post('/containers/nobody/pause')), refused(409, post('/containers/idle/pause'))],
  },
  {
    verb: 'container.unpause',
    good: async () => {
      const id = await running();
      await ask(daemon.socket, 'POST', `/containers/${id}/pause`);
      return post(`/containers/${id}/unpause`);
    },
    goodStatus: 204,
    bad: [refused(404, post('/containers/nobody/unpause')), refused(409, post('/containers/busy/unpause'))],
  },
  {
    verb: 'container.rename',
    good: async () => post(`/containers/${await created()}/rename?name=renamed`),
    goodStatus: 204,
    bad: [
      refused(404, post('/containers/nobody/rename?name=x1')),
      refused(400, post('/containers/idle/rename')),
      refused(409, post('/containers/idle/rename?name=busy')),
      refused(400, post('/containers/idle/rename?name=*')),
    ],
  },
  {
    verb: 'container.resize',
    good: async () => post(`/containers/${await running({ Tty: true })}/resize?h=10&w=20`),
    goodStatus: 200,
    bad: [refused(404, post('/containers/nobody/resize?h=1&w=1')), refused(400, post('/containers/busy/resize?h=tall&w=1'))],
  },
  {
    verb: 'container.remove',
    good: async () => drop(`/containers/${await created()}`),
    goodStatus: 204,
    bad: [refused(404, drop('/containers/nobody')), refused(409, drop('/containers/busy'))],
  },
  {
    verb: 'container.prune',
    good: async () => post('/containers/prune?filters=%7B%22label%22%3A%5B%22none%22%5D%7D'),
    goodStatus: 200,
    bad: [
      refused(400, post('/containers/prune?filters=nonsense')),
      refused(400, post('/containers/prune?filters=%7B%22colour%22%3A%5B%22red%22%5D%7D')),
    ],
  },
  {
    verb: 'exec.create',
    good: async () => post(`/containers/${await running()}/exec`, '{"Cmd":["true"]}'),
    goodStatus: 201,
    bad: [
      refused(404, post('/containers/nobody/exec', '{"Cmd":["true"]}')),
      refused(400, post('/containers/busy/exec', '{')),
      refused(409, post('/containers/idle/exec', '{"Cmd":["true"]}')),
      refused(400, post('/containers/busy/exec', '{"Cmd":[]}')),
    ],
  },
  {
    verb: 'exec.start',
    good: async () => post(`/exec/${await session()}/start`, '{"Detach":true}'),
    goodStatus: 200,
    bad: [refused(404, post('/exec/nobody/start', '{"Detach":true}')), refused(400, post('/exec/nobody/start', '{'))],
  },
  {
    verb: 'exec.resize',
    good: async () => {
      const id = await session(true);
      await ask(daemon.socket, 'POST', `/exec/${id}/start`, '{"Detach":true,"Tty":true}');
      return post(`/exec/${id}/resize?h=10&w=20`);
    },
    goodStatus: 200,
    bad: [refused(404, post('/exec/nobody/resize?h=1&w=1')), refused(400, post('/exec/nobody/resize?h=-1&w=1'))],
  },
  {
    verb: 'image.load',
    good: async () => post('/images/load', await readFile(archive)),
    goodStatus: 200,
    bad: [refused(400, post('/images/load', Buffer.from('not an archive')))],
  },
  {
    verb: 'image.import',
    good: async () => post('/images/create?fromSrc=-&repo=imported', await rootfs()),
    goodStatus: 200,
    bad: [
      refused(400, post('/images/create')),
      refused(501, post('/images/create?fromImage=busybox')),
      refused(400, post('/images/create?fromSrc=-&repo=BAD', Buffer.from('x'))),
    ],
  },
  {
    verb: 'image.tag',
    good: async () => post(`/images/${IMAGE}/tag?repo=tagged&tag=1`),
    goodStatus: 201,
    bad: [
      refused(404, post('/images/nobody/tag?repo=x')),
      refused(400, post(`/images/${IMAGE}/tag`)),
      refused(400, post(`/images/${IMAGE}/tag?repo=BAD`)),
    ],
  },
  {
    verb: 'image.remove',
    good: async () => {
      await ask(daemon.socket, 'POST', `/images/${IMAGE}/tag?repo=gone&tag=1`);
      // The refusal below is of the only tag left.
      await ask(daemon.socket, 'DELETE', '/images/tagged:1');
      return drop('/images/gone:1');
    },
    goodStatus: 200,
    bad: [refused(404, drop('/images/nobody')), refused(409, drop(`/images/${IMAGE}`))],
  },
  {
    verb: 'network.create',
    good: async () => post('/networks/create', '{"Name":"audited","Driver":"bridge","Internal":false}'),
    goodStatus: 201,
    bad: [
      refused(400, post('/networks/create', '{')),
      refused(403, post('/networks/create', '{"Name":"bridge"}')),
      refused(409, post('/networks/create', '{"Name":"audited"}')),
    ],
  },
  {
    verb: 'network.remove',
    good: async () => drop('/networks/audited'),
    goodStatus: 204,
    bad: [refused(404, drop('/networks/nobody')), refused(403, drop('/networks/bridge'))],
  },
  {
    verb: 'volume.create',
    good: async () => post('/volumes/create', '{"Name":"audited"}'),
    goodStatus: 201,
    bad: [refused(400, post('/volumes/create', '{')), refused(400, post('/volumes/create', '{"Name":"/bad"}'))],
  },
  { verb: 'volume.remove', good: async () => drop('/volumes/audited'), goodStatus: 204, bad: [refused(404, drop('/volumes/nobody'))] },
];

async function rootfs(): Promise<Uint8Array> {
  const path = join(scratch, 'rootfs.tar');
  await run('tar', ['-C', scratch, '-cf', path, 'busybox.tar']);
  return readFile(path);
}

test.before(async () => {
  await daemon.docker(['create', '--name', 'idle', IMAGE, 'true']);
  await daemon.docker(['run', '-d', '--name', 'busy', IMAGE, 'sleep', '600']);
});

/** The operations a request left: those that came after `seq`, asked for by this process. */
async function left(seq: number) {
  const asked = (await daemon.events()).filter(
    (event) => event.seq > seq && event.actor.scheme === 'unix' && (event.kind === 'intent' || event.kind === 'outcome'),
  );
  return { asked, kinds: asked.map((event) => `${event.kind} ${event.type}`) };
}

async function position(): Promise<number> {
  return (await daemon.events()).at(-1)?.seq ?? -1;
}

const ownStart = Number((await readFile('/proc/self/stat', 'utf8')).replace(/^.*\) /s, '').split(' ')[19]);

for (const { verb, good, goodStatus, bad } of CASES) {
  test(`given a valid ${verb}, when it is answered, then the log has one intent and one outcome of the caller`, async () => {
    const request = await good();
    const before = await position();
    const answer = await ask(daemon.socket, request.method, request.path, request.body);
    assert.is(answer.status, goodStatus, answer.body);
    const { asked, kinds } = await left(before);
    assert.equal(kinds, [`intent ${verb}.requested`, `outcome ${verb}.succeeded`]);
    for (const { actor, op } of asked) {
      assert.equal([actor.uid, actor.gid, actor.pid, Number(actor.start)], [process.getuid?.(), process.getgid?.(), process.pid, ownStart]);
      assert.is(op, asked[0]?.op);
    }
    assert.is(asked[1]?.result?.status, 'ok');
  });

  for (const { status, ...request } of bad) {
    const what = typeof request.body === 'string' ? ` with ${request.body}` : '';
    test(`given a ${verb} as ${request.method} ${request.path}${what}, when it is refused with ${status}, then the log has one intent and one outcome with the error`, async () => {
      const before = await position();
      const answer = await ask(daemon.socket, request.method, request.path, request.body);
      assert.is(answer.status, status, answer.body);
      const message = /"message":"((?:[^"\\]|\\.)+)"/.exec(answer.body)?.[1] ?? '';
      assert.ok(message.length > 3, answer.body);
      const { asked, kinds } = await left(before);
      assert.equal(kinds, [`intent ${verb}.requested`, `outcome ${verb}.failed`]);
      assert.match(asked[1]?.result?.status ?? '', /^(refused|failed)$/);
      assert.ok(asked[1]?.result?.error !== undefined);
      for (const { actor } of asked) assert.equal([actor.uid, actor.pid], [process.getuid?.(), process.pid]);
    });
  }
}

test('given another user, when it asks, then the log names that user and no other', async () => {
  // Its directory lets nobody in by default.
  await chmod(daemon.directory, 0o755);
  await chmod(daemon.socket, 0o666);
  const before = await position();
  const docker = execFile(
    'setpriv',
    ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', 'docker', 'create', '--name', 'by-nobody', IMAGE, 'true'],
    { env: daemon.env },
  );
  await new Promise((resolve) => docker.on('exit', resolve));
  const failing = execFile(
    'setpriv',
    ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', 'docker', 'rm', 'nobody-knows-it'],
    { env: daemon.env },
  );
  await new Promise((resolve) => failing.on('exit', resolve));
  await chmod(daemon.socket, 0o660);
  const { asked, kinds } = await left(before);
  assert.equal(kinds, [
    'intent container.create.requested',
    'outcome container.create.succeeded',
    'intent container.remove.requested',
    'outcome container.remove.failed',
  ]);
  for (const [index, { actor }] of asked.entries()) {
    assert.equal([actor.uid, actor.gid, actor.pid], [NOBODY, NOBODY, index < 2 ? docker.pid : failing.pid]);
    assert.ok(Number(actor.start) >= ownStart);
  }
  const denied = await run('setpriv', ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', 'docker', 'ps'], {
    env: daemon.env,
  });
  assert.is.not(denied.code, 0);
});

test('given values of environment variables, when containers and sessions have them, then they are nowhere but in the vault and in the processes', async () => {
  const canaries = ['run', 'exec', 'failed', 'file', 'refused'].map((where) => `canary-${where}-${Math.random().toString(36).slice(2)}`);
  const [inRun = '', inExec = '', inFailed = '', inStart = '', inRefused = ''] = canaries;
  assert.is((await daemon.docker(['run', '-d', '--name', 'secret', '-e', `A=${inRun}`, IMAGE, 'sleep', '60'])).code, 0);
  const session = daemon.docker(['exec', '-e', `B=${inExec}`, 'secret', 'sleep', '2']);
  assert.is.not((await daemon.docker(['run', '--name', 'failing', '-e', `C=${inFailed}`, IMAGE, 'nosuchcommand'])).code, 0);
  assert.is((await daemon.docker(['create', '--name', 'waiting', '-e', `D=${inStart}`, IMAGE, 'true'])).code, 0);
  assert.is.not((await daemon.docker(['run', '--name', 'refused', '-e', `E=${inRefused}`, 'nobody', 'true'])).code, 0);
  await sleep(700);
  const root = join(daemon.directory, 'root');
  const hits: string[] = [];
  for (const name of await readdir(root, { recursive: true })) {
    const bytes = await readFile(join(root, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EISDIR' || error.code === 'ENOENT' || error.code === 'ENXIO') return Buffer.alloc(0);
      throw error;
    });
    for (const canary of canaries) if (bytes.includes(canary)) hits.push(name);
  }
  assert.equal(
    hits.filter((name) => !name.startsWith('drivers/vault/')),
    [],
  );
  const said = await daemon.log();
  for (const canary of canaries) assert.not.match(said, canary);
  for (const canary of canaries) assert.not.match(JSON.stringify(await daemon.events()), canary);
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    // The clients of this very test name them; what the daemon starts must not.
    if (!words.startsWith('docker')) for (const canary of canaries) assert.not.match(words, canary, words);
    if (!words.includes('conmon')) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    for (const canary of canaries) assert.not.match(environment, canary, `environment of ${words}`);
  }
  await session;
  await daemon.docker(['rm', '-f', 'secret', 'failing', 'waiting']);
  const vault = await promisify(execFile)('grep', ['-rlaF', ...canaries.flatMap((canary) => ['-e', canary]), root]).then(
    ({ stdout }) => stdout,
    () => '',
  );
  assert.is(vault, '', 'values outlive their containers');
});

test('given all of the above, when the log is checked, then it is whole', async () => {
  assert.is((await daemon.shiplog(['log', 'verify'])).code, 0);
});

test.run();
