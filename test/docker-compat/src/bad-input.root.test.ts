// time limit: 180 s
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, hostTraces, run, TestDaemon } from '@shiplog/test-support';

const test = suite('bad input');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-bad-'));
const daemon = await TestDaemon.start();
const archive = join(scratch, 'busybox.tar');

test.before(async () => {
  await busyboxArchive(archive);
  assert.is((await daemon.docker(['load', '-i', archive])).code, 0);
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

/** One raw request over the socket. */
function ask(
  method: string,
  path: string,
  body?: string,
): Promise<{ readonly status: number; readonly type: string; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(
      { socketPath: daemon.socket, method, path, headers: body === undefined ? {} : { 'content-type': 'application/json' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body: text }));
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

const CASES: readonly [string, string, string, string | undefined, number, RegExp][] = [
  ['an unknown container', 'GET', '/containers/nobody/json', undefined, 404, /No such container: nobody/],
  ['an unknown image', 'POST', '/containers/create', '{"Image":"nobody"}', 404, /No such image: nobody/],
  ['a bad name', 'POST', '/containers/create?name=-bad-', '{"Image":"busybox:test"}', 400, /Invalid container name/],
  ['bad JSON', 'POST', '/containers/create', '{"Image":', 400, /JSON/i],
  ['text after the JSON', 'POST', '/containers/create', '{"Image":"busybox:test"} more', 400, /JSON/i],
  ['no command', 'POST', '/containers/create', '{"Image":"busybox:test","Cmd":[],"Entrypoint":[""]}', 400, /[Nn]o command specified/],
  ['too little memory', 'POST', '/containers/create', '{"Image":"busybox:test","HostConfig":{"Memory":1024}}', 400, /Minimum memory limit/],
  ['a relative mount', 'POST', '/containers/create', '{"Image":"busybox:test","HostConfig":{"Binds":["/x:relative"]}}', 400, /./],
  [
    'an unknown network',
    'POST',
    '/containers/create',
    '{"Image":"busybox:test","HostConfig":{"NetworkMode":"nowhere"}}',
    400,
    /network nowhere not found/,
  ],
  ['a bad signal', 'POST', '/containers/nobody/kill?signal=NOSUCH', undefined, 404, /No such container/],
  ['an unknown route', 'GET', '/nowhere', undefined, 404, /page not found/],
  ['a route to come', 'GET', '/images/search', undefined, 501, /./],
  ['swarm', 'GET', '/services', undefined, 503, /not a swarm manager/],
  ['a version too new', 'GET', '/v9.99/info', undefined, 400, /too new/],
  ['a version too old', 'GET', '/v1.1/info', undefined, 400, /too old/],
  ['bad filters', 'GET', '/containers/json?filters=nonsense', undefined, 400, /./],
  ['logs of neither stream', 'GET', '/containers/nobody/logs', undefined, 400, /at least one/],
];

for (const [what, method, path, body, status, message] of CASES) {
  test(`given ${what}, when it is sent, then the answer is ${status} with a message`, async () => {
    const answer = await ask(method, path, body);
    assert.is(answer.status, status, answer.body);
    assert.match(JSON.parse(answer.body).message, message);
    assert.is(answer.type, 'application/json');
  });
}

test('given a network or a container that is not there, when docker and shiplog run something on it, then that is told, and the image is not looked for', async () => {
  for (const [mode, told] of [
    ['nowhere', /network nowhere not found/],
    ['container:nobody', /No such container: nobody/],
  ] as const) {
    const argv = ['run', '--rm', '--network', mode, 'busybox:test', 'true'];
    for (const ran of [await daemon.docker(argv), await daemon.shiplog(argv)]) {
      assert.is(ran.code, 125);
      assert.match(ran.stderr, told);
      assert.not.match(ran.stderr, /Unable to find image|load it first/);
    }
  }
});

test('given a name that is taken, when another container asks for it, then 409 names the holder', async () => {
  await daemon.docker(['create', '--name', 'taken', 'busybox:test']);
  const answer = await ask('POST', '/containers/create?name=taken', '{"Image":"busybox:test"}');
  assert.is(answer.status, 409);
  assert.match(answer.body, /is already in use by container/);
  await daemon.docker(['rm', 'taken']);
});

test('given a host port that something listens on, when it is published, then the start fails and nothing stays', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const ran = await daemon.docker(['run', '--rm', '-p', `127.0.0.1:${port}:80`, 'busybox:test', 'true']);
  server.close();
  assert.is(ran.code, 125, ran.stderr);
  assert.match(ran.stderr, /address already in use|port is already allocated/);
  assert.equal(await hostTraces(daemon.directory), []);
});

test('given a host port that another container has, when it is published, then the start fails', async () => {
  const { stdout: id } = await daemon.docker(['run', '-d', '-p', '127.0.0.1:0:80', 'busybox:test', 'sleep', '60']);
  const { stdout: bound } = await daemon.docker(['port', id.trim(), '80/tcp']);
  const ran = await daemon.docker(['run', '--rm', '-p', `${bound.trim().split('\n')[0]}:80`, 'busybox:test', 'true']);
  assert.is(ran.code, 125);
  assert.match(ran.stderr, /port is already allocated/);
  await daemon.docker(['rm', '-f', id.trim()]);
});

test('given a corrupt archive, when it is loaded, then docker fails and no image, blob or layer stays', async () => {
  const bytes = await readFile(archive);
  const before = await stored();
  for (const broken of [bytes.subarray(0, bytes.length >> 1), Buffer.from('not a tar at all'), Buffer.alloc(4096)]) {
    await writeFile(join(scratch, 'broken.tar'), broken);
    const ran = await daemon.docker(['load', '-i', join(scratch, 'broken.tar')]);
    assert.is(ran.code, 1, `${ran.stdout}${ran.stderr}`);
  }
  assert.equal(await stored(), before);
});

test('given layers that lead outside, when they are loaded, then they are refused and nothing outside is written', async () => {
  const target = join(scratch, 'escaped');
  for (const kind of ['dotdot', 'symlink']) {
    const hostile = await hostileArchive(kind, target);
    const ran = await daemon.docker(['load', '-i', hostile]);
    const exists = await readFile(target).then(
      () => true,
      () => false,
    );
    assert.not.ok(exists, `${kind}: a layer wrote ${target}`);
    if (kind === 'dotdot') assert.is(ran.code, 1, ran.stdout);
  }
});

test('given all of the above, when the log is read, then every refusal has one intent and one outcome', async () => {
  const byOp = new Map<string, string[]>();
  for (const event of await daemon.events())
    if (event.kind === 'intent' || event.kind === 'outcome') byOp.set(event.op, [...(byOp.get(event.op) ?? []), event.kind]);
  assert.equal(
    [...byOp.values()].filter((kinds) => kinds.join() !== 'intent,outcome'),
    [],
  );
});

/** Names of all that images and storage hold. */
async function stored(): Promise<string[]> {
  return (await readdir(join(daemon.directory, 'root/drivers'), { recursive: true })).filter((name) => !name.includes('/diff/')).toSorted();
}

/** A docker-archive with one layer that tries to write `target` on the host. */
async function hostileArchive(kind: string, target: string): Promise<string> {
  const layer = join(scratch, `${kind}.layer.tar`);
  const script = `
import io, sys, tarfile
t = tarfile.open(sys.argv[1], 'w')
def add(name, data=b'escaped', **kw):
    i = tarfile.TarInfo(name)
    for k, v in kw.items(): setattr(i, k, v)
    i.size = len(data) if i.type == tarfile.REGTYPE else 0
    t.addfile(i, io.BytesIO(data))
if sys.argv[2] == 'dotdot': add('../' * 20 + sys.argv[3].lstrip('/'))
else:
    d, n = sys.argv[3].rsplit('/', 1)
    add('out', type=tarfile.SYMTYPE, linkname=d)
    add('out/' + n)
t.close()`;
  const made = await run('python3', ['-c', script, layer, kind, target]);
  assert.is(made.code, 0, made.stderr);
  const diffId = `sha256:${createHash('sha256')
    .update(await readFile(layer))
    .digest('hex')}`;
  await writeFile(
    join(scratch, 'config.json'),
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [diffId] } }),
  );
  await writeFile(
    join(scratch, 'manifest.json'),
    JSON.stringify([{ Config: 'config.json', RepoTags: [`hostile:${kind}`], Layers: [`${kind}.layer.tar`] }]),
  );
  const archivePath = join(scratch, `${kind}.tar`);
  await run('tar', ['-C', scratch, '-cf', archivePath, 'manifest.json', 'config.json', `${kind}.layer.tar`]);
  return archivePath;
}

test('given a runtime that is not there, when a container asks for it, then it is refused as by Docker; crun and runc are there', async () => {
  const create = (runtime: string) =>
    ask('POST', '/v1.51/containers/create', JSON.stringify({ Image: 'busybox:test', Cmd: ['true'], HostConfig: { Runtime: runtime } }));
  const refused = await create('kata');
  assert.is(refused.status, 400);
  assert.match(refused.body, 'unknown or invalid runtime name: kata');
  for (const runtime of ['crun', 'runc']) {
    const ran = await daemon.docker(['run', '--rm', '--runtime', runtime, 'busybox:test', 'echo', runtime]);
    assert.equal([ran.code, ran.stdout], [0, `${runtime}\n`], ran.stderr);
  }
});

test('given what this host has not, when a container asks for it, then it is refused at its creation, as by Docker', async () => {
  const missing = join(scratch, 'missing');
  for (const [asked, told] of [
    [['--mount', `type=bind,src=${missing},dst=/data`], `bind source path does not exist: ${missing}`],
    [['--cap-add', 'NOSUCH'], 'invalid CapAdd: unknown capability: "CAP_NOSUCH"'],
    [['--cpus', '4096'], 'range of CPUs is from 0.01 to'],
  ] as const) {
    const { code, stderr } = await daemon.docker(['create', ...asked, 'busybox:test', 'true']);
    assert.is(code, 1);
    assert.match(stderr, told);
  }
  const made = await daemon.docker(['run', '--rm', '-v', `${missing}:/data`, 'busybox:test', 'ls', '-d', '/data']);
  assert.equal([made.code, made.stdout], [0, '/data\n'], made.stderr);
});

test.run();
