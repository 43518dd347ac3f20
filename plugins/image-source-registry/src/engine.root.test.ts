// time limit: 300 s
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { busyboxLayout, run, temporaryDirectory, TestDaemon, TestRegistry } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Gate } from './testing/gate.test.util.ts';

const test = suite('image-source-registry in an engine');
const scratch = await temporaryDirectory('shiplog-images-');
const registry = await TestRegistry.start();
const daemon = await TestDaemon.start({ extra: ['--isolate', '@shiplog/image-source-registry=process'] });
test.after(async () => {
  await daemon.destroy();
  await registry.stop();
  await scratch.cleanup();
});

let layouts = 0;
async function layout(config: object = {}): Promise<{ readonly path: string; readonly digest: string }> {
  const path = join(scratch.path, `layout${(layouts += 1)}`);
  return { path, digest: (await busyboxLayout(path, 'latest', config)).digest };
}

const stored = (): Promise<readonly string[]> => readdir(join(daemon.directory, 'root/drivers/image-store/local/blobs/sha256'));
const ingests = (): Promise<readonly string[]> => readdir(join(daemon.directory, 'root/drivers/image-store/local/ingest')).catch(() => []);

test('given an image in a registry, when docker pulls it, then it is shown layer by layer, runs, and is known by its digest; again, it is up to date', async () => {
  const { path, digest } = await layout();
  await registry.push(`oci:${path}:latest`, 'some/app:1.0');
  const name = `${registry.host}/some/app:1.0`;
  const pulled = await daemon.docker(['pull', name]);
  assert.is(pulled.code, 0, pulled.stderr);
  assert.match(
    pulled.stdout,
    new RegExp(
      `^1.0: Pulling from some/app\n([0-9a-f]{12}): Pulling fs layer\n\\1: Verifying Checksum\n\\1: Download complete\n\\1: Pull complete\nDigest: ${digest}\nStatus: Downloaded newer image for ${name}\n${name}\n$`,
    ),
  );
  const ran = await daemon.docker(['run', '--rm', name, 'echo', 'from a registry']);
  assert.equal([ran.code, ran.stdout], [0, 'from a registry\n'], ran.stderr);
  const { stdout } = await daemon.docker(['inspect', '-f', '{{.RepoDigests}}', name]);
  assert.is(stdout.trim(), `[${registry.host}/some/app@${digest}]`);
  const again = await daemon.docker(['pull', name]);
  assert.match(again.stdout, /^1.0: Pulling from some\/app\nDigest: .*\nStatus: Image is up to date for/);
  const outcome = (await daemon.events()).find(({ type }) => type === 'image.pull.succeeded');
  assert.equal([outcome?.data['source'], outcome?.data['repoDigest']], ['registry', `${registry.host}/some/app@${digest}`]);
  assert.equal(await ingests(), []);
});

test('given an image whose layer is here, when it is pulled, then the layer is not fetched again', async () => {
  const { path } = await layout({ Labels: { other: 'config' } });
  await registry.push(`oci:${path}:latest`, 'some/other:1.0');
  const pulled = await daemon.docker(['pull', `${registry.host}/some/other:1.0`]);
  assert.match(pulled.stdout, /^1.0: Pulling from some\/other\n[0-9a-f]{12}: Already exists\nDigest: /, pulled.stderr);
});

test('given a reference by digest, when it is pulled, then it is that content and gets no tag', async () => {
  const { path, digest } = await layout({ Labels: { is: 'pinned' } });
  await registry.push(`oci:${path}:latest`, 'pinned:1');
  const pulled = await daemon.docker(['pull', `${registry.host}/pinned@${digest}`]);
  assert.is(pulled.code, 0, pulled.stderr);
  const { stdout } = await daemon.docker(['images', '--no-trunc', '--digests', '--format', '{{.Repository}} {{.Tag}} {{.Digest}}']);
  assert.match(stdout, `${registry.host}/pinned <none> ${digest}`);
});

test('given an image of Docker types that skopeo compressed, when it is pulled and run, then it is the same file system', async () => {
  const { path } = await layout({ Labels: { is: 'docker' } });
  await registry.push(`oci:${path}:latest`, 'v2s2:1', ['--format', 'v2s2']);
  const ran = await daemon.docker(['run', '--rm', `${registry.host}/v2s2:1`, 'echo', 'compressed']);
  assert.equal([ran.code, ran.stdout], [0, 'compressed\n'], ran.stderr);
});

test('given an image for several platforms, when it is pulled, then it is the one for this host, or the one that is asked for', async () => {
  const amd = await layout({ Labels: { is: 'index' } });
  await registry.push(`oci:${amd.path}:latest`, 'many:one');
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifests: [
      { ...(await described('many', amd.digest)), platform: { os: 'linux', architecture: 's390x' } },
      {
        ...(await described('many', amd.digest)),
        platform: { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch },
      },
    ],
  };
  const put = await fetch(`http://${registry.host}/v2/many/manifests/latest`, {
    method: 'PUT',
    headers: { 'content-type': index.mediaType },
    body: JSON.stringify(index),
  });
  assert.is(put.status, 201);
  const name = `${registry.host}/many`;
  assert.is((await daemon.docker(['pull', name])).code, 0);
  const other = await daemon.docker(['pull', '--platform', 'linux/arm64', name]);
  if (process.arch === 'x64') assert.match(other.stderr, 'has no image for linux/arm64, but for: linux/s390x, linux/amd64');
  // It says so, and is not: what an index says of an image is not believed.
  const lying = await daemon.docker(['pull', '--platform', 'linux/s390x', name]);
  assert.is(lying.code, 1);
  assert.match(lying.stderr, /is for linux\/[a-z0-9]+, not for linux\/s390x/);
  const wrong = await daemon.docker(['pull', '--platform', 'nothing like it', name]);
  assert.is(wrong.code, 1);
});

test('given an image that is not there, when it is pulled or run, then docker is told, and no other registry is asked', async () => {
  const missing = await daemon.docker(['pull', `${registry.host}/nosuch:1`]);
  assert.is(missing.code, 1);
  assert.match(missing.stderr, `manifest for ${registry.host}/nosuch:1 not found: manifest unknown`);
  const hub = await daemon.docker(['run', '--rm', 'nosuch:1']);
  assert.is(hub.code, 125);
  assert.match(hub.stderr, 'manifest for nosuch:1 not found: manifest unknown');
});

test('given a registry that is not there, when an image of it is pulled, then docker is told why, and the log has it', async () => {
  const gone = await daemon.docker(['pull', '127.0.0.1:1/app:1']);
  assert.is(gone.code, 1);
  assert.match(gone.stderr, /127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/);
  const outcome = (await daemon.events()).findLast(({ type }) => type === 'image.pull.failed');
  assert.is(outcome?.result?.error?.code, 'REGISTRY_UNAVAILABLE');
});

test('given an image that was committed, when docker pushes it, then skopeo reads it from the registry, and it is pulled again as what it was', async () => {
  const { path } = await layout({ Labels: { is: 'base' } });
  await registry.push(`oci:${path}:latest`, 'base:1');
  const [base, name] = [`${registry.host}/base:1`, `${registry.host}/made/here:1`];
  assert.is((await daemon.docker(['run', '--name', 'maker', base, 'sh', '-c', 'echo made > /made'])).code, 0);
  assert.is((await daemon.docker(['commit', 'maker', name])).code, 0);
  const before = await daemon.docker(['image', 'inspect', '-f', '{{.Id}}', name]);
  const pushed = await daemon.docker(['push', name]);
  assert.is(pushed.code, 0, pushed.stderr);
  const [, digest = '', size = ''] =
    /^The push refers to repository \[.*\/made\/here\]\n(?:[0-9a-f]{12}: (?:Preparing|Pushed|Layer already exists|Mounted from [a-z0-9/]+)\n)+1: digest: (sha256:[0-9a-f]{64}) size: (\d+)\n$/.exec(
      pushed.stdout,
    ) ??
    assert.unreachable(pushed.stdout) ??
    [];
  const read = await run('skopeo', ['inspect', '--tls-verify=false', '--raw', `docker://${name}`]);
  assert.is(read.code, 0, read.stderr);
  assert.is(`sha256:${createHash('sha256').update(read.stdout).digest('hex')}`, digest);
  assert.is(String(read.stdout.length), size);
  // All of it, every digest checked.
  const copied = await run('skopeo', [
    '--insecure-policy',
    'copy',
    '--src-tls-verify=false',
    `docker://${name}`,
    `oci:${join(scratch.path, 'copied')}:1`,
  ]);
  assert.is(copied.code, 0, copied.stderr);
  const again = await daemon.docker(['push', name]);
  assert.match(again.stdout, `1: digest: ${digest} size: ${size}`);
  assert.match(again.stdout, /Layer already exists/);
  assert.not.match(again.stdout, /Pushed/);
  assert.match((await daemon.docker(['inspect', '-f', '{{.RepoDigests}}', name])).stdout, `${registry.host}/made/here@${digest}`);
  await daemon.docker(['rm', '-f', 'maker']);
  assert.is((await daemon.docker(['rmi', '-f', name])).code, 0);
  const ran = await daemon.docker(['run', '--rm', name, 'cat', '/made']);
  assert.equal([ran.code, ran.stdout], [0, 'made\n'], ran.stderr);
  // The configuration is the same, to the byte.
  assert.is((await daemon.docker(['image', 'inspect', '-f', '{{.Id}}', name])).stdout, before.stdout);
  const outcome = (await daemon.events()).find(({ type }) => type === 'image.push.succeeded');
  assert.equal([outcome?.data['source'], outcome?.data['repoDigest']], ['registry', `${registry.host}/made/here@${digest}`]);
  assert.equal(await ingests(), []);
});

test('given an image that was pulled, when it is pushed under another name, then its layers do not travel again', async () => {
  const { path } = await layout({ Labels: { is: 'moved' } });
  await registry.push(`oci:${path}:latest`, 'from/here:1', ['--format', 'v2s2']);
  const [from, to] = [`${registry.host}/from/here:1`, `${registry.host}/to/there`];
  assert.is((await daemon.docker(['pull', from])).code, 0);
  for (const tag of ['1', '2']) assert.is((await daemon.docker(['tag', from, `${to}:${tag}`])).code, 0);
  const pushed = await daemon.docker(['push', '-a', to]);
  assert.is(pushed.code, 0, pushed.stderr);
  assert.match(pushed.stdout, /: Mounted from (?:[a-z0-9/]+)\n1: digest: /, pushed.stdout);
  assert.match(pushed.stdout, /: Layer already exists\n2: digest: /);
});

test('given an image that was pulled, when it is pushed elsewhere, then by the manifest it came by, and nothing is sent; so it is again after it was loaded', async () => {
  await using gate = await Gate.before(registry.host);
  const { path } = await layout({ Labels: { is: 'known' } });
  await registry.push(`oci:${path}:latest`, 'known/from:1', ['--format', 'v2s2']);
  const [from, to] = [`${gate.host}/known/from:1`, `${gate.host}/known/to:1`];
  assert.is((await daemon.docker(['pull', from])).code, 0);
  const digests = async (name: string) =>
    (await daemon.docker(['inspect', '-f', '{{join .RepoDigests "\\n"}}', name])).stdout.trim().split('\n');
  const [came = ''] = await digests(from);
  assert.is((await daemon.docker(['tag', from, to])).code, 0);
  const pushed = await daemon.docker(['push', to]);
  assert.match(pushed.stdout, `1: digest: ${came.split('@')[1]}`, pushed.stderr);
  assert.equal(await digests(to), [came, came.replace('/from@', '/to@')]);
  assert.equal(
    gate.seen.filter((seen) => seen.startsWith('PUT')),
    ['PUT /v2/known/to/manifests/1'],
  );
  const blobs = await stored();
  // Plain, as an archive has it.
  const archive = join(scratch.path, 'known.tar');
  assert.is(
    (
      await run('skopeo', [
        '--insecure-policy',
        'copy',
        '--src-tls-verify=false',
        `docker://${registry.host}/known/to:1`,
        `docker-archive:${archive}:${to}`,
      ])
    ).code,
    0,
  );
  assert.is((await daemon.docker(['load', '-i', archive])).code, 0);
  assert.equal(await stored(), blobs);
  gate.seen.length = 0;
  const again = await daemon.docker(['push', to]);
  assert.match(again.stdout, `1: digest: ${came.split('@')[1]}`, again.stderr);
  assert.equal(
    gate.seen.filter((seen) => !seen.startsWith('HEAD')),
    ['PUT /v2/known/to/manifests/1'],
  );
});

test('given an image of plain layers that was pushed, when it is pushed again, to there and to elsewhere, then nothing is sent twice', async () => {
  await using gate = await Gate.before(registry.host);
  const { path } = await layout({ Labels: { is: 'plain' } });
  await registry.push(`oci:${path}:latest`, 'plain/base:1');
  const name = `${gate.host}/plain/app:1`;
  assert.is((await daemon.docker(['run', '--name', 'plain', `${registry.host}/plain/base:1`, 'touch', '/plain'])).code, 0);
  assert.is((await daemon.docker(['commit', 'plain', name])).code, 0);
  await daemon.docker(['rm', 'plain']);
  const push = async (to: string): Promise<readonly [digest: string | undefined, sent: readonly string[]]> => {
    gate.seen.length = 0;
    const { code, stdout, stderr } = await daemon.docker(['push', to]);
    assert.is(code, 0, stderr);
    return [
      /digest: (\S+)/.exec(stdout)?.[1],
      gate.seen.filter((seen) => !seen.startsWith('HEAD')).map((seen) => seen.split('?')[0] ?? ''),
    ];
  };
  const [digest] = await push(name);
  assert.equal(await push(name), [digest, ['PUT /v2/plain/app/manifests/1']]);
  const other = `${gate.host}/plain/other:1`;
  assert.is((await daemon.docker(['tag', name, other])).code, 0);
  const [same, sent] = await push(other);
  assert.is(same, digest);
  assert.ok(sent.includes('POST /v2/plain/other/blobs/uploads/'), String(sent));
  assert.equal(
    sent.filter((seen) => seen.startsWith('PUT')),
    ['PUT /v2/plain/other/manifests/1'],
  );
});

test('given what cannot be pushed, when docker pushes it, then it is told why, and nothing of it stays', async () => {
  const missing = await daemon.docker(['push', `${registry.host}/nosuch:1`]);
  assert.match(missing.stderr, `An image does not exist locally with the tag: ${registry.host}/nosuch`);
  assert.is((await daemon.docker(['tag', `${registry.host}/some/app:1.0`, '127.0.0.1:1/app:1'])).code, 0);
  const gone = await daemon.docker(['push', '127.0.0.1:1/app:1']);
  assert.is(gone.code, 1);
  assert.match(gone.stderr, /127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/);
  assert.equal(await ingests(), []);
});

test('given an image of several tags, when docker pulls all, then each is there, by a command of its own; where nobody tells tags, it is latest', async () => {
  const { path } = await layout({ Labels: { is: 'many' } });
  for (const tag of ['1', '2', 'latest']) await registry.push(`oci:${path}:latest`, `all/tags:${tag}`);
  const name = `${registry.host}/all/tags`;
  const pulled = await daemon.docker(['pull', '-a', name]);
  assert.is(pulled.code, 0, pulled.stderr);
  assert.match(pulled.stdout, `Status: Downloaded newer image for ${name}\n${name}\n`);
  const { stdout } = await daemon.docker(['images', '--format', '{{.Tag}}', name]);
  assert.equal(stdout.trim().split('\n').toSorted(), ['1', '2', 'latest']);
  const events = (await daemon.events()).filter(
    ({ type, data }) => type === 'image.pull.requested' && JSON.stringify(data).includes('/all/tags:'),
  );
  assert.is(events.length, 3);
  assert.match((await daemon.docker(['pull', '-a', name])).stdout, `Status: Image is up to date for ${name}\n`);
  const none = await daemon.docker(['pull', '-a', `${registry.host}/nosuch`]);
  assert.match(none.stderr, `manifest for ${registry.host}/nosuch:latest not found`);
  const gone = await daemon.docker(['pull', '-a', '127.0.0.1:1/app']);
  assert.match(gone.stderr, /127\.0\.0\.1:1 cannot be reached/);
  assert.ok((await daemon.events()).some(({ type, result }) => type === 'image.pull.failed' && result?.status === 'refused'));
  assert.is((await daemon.shiplog(['rmi', '--force', `${name}:1`, `${name}:2`, `${name}:latest`])).code, 0);
  assert.is((await daemon.shiplog(['pull', name])).code, 0);
  assert.is((await daemon.docker(['images', '-q', name])).stdout.trim().split('\n').length, 1);
  assert.is((await daemon.shiplog(['pull', '-a', name])).code, 0);
  assert.is((await daemon.docker(['images', '-q', name])).stdout.trim().split('\n').length, 3);
  const search = await daemon.docker(['search', 'busybox']);
  assert.match(search.stderr, 'registries have no search');
});

test('given an image that has names, when docker pulls by digest, tags, pushes, untags and loads it, then its digests are those of the names it has', async () => {
  const { path, digest } = await layout({ Labels: { is: 'named' } });
  await registry.push(`oci:${path}:latest`, 'names/app:1');
  const [name, other] = [`${registry.host}/names/app`, `${registry.host}/names/other`];
  const told = async (image: string) =>
    JSON.parse((await daemon.docker(['image', 'inspect', '-f', '[{{json .RepoTags}},{{json .RepoDigests}}]', image])).stdout);
  const by = `${name}@${digest}`;
  assert.is((await daemon.docker(['pull', by])).code, 0);
  assert.equal(await told(by), [[], [by]]);
  assert.is((await daemon.docker(['pull', `${name}:1`])).code, 0);
  assert.equal(await told(by), [[`${name}:1`], [by]]);
  assert.is((await daemon.docker(['tag', by, `${other}:x`])).code, 0);
  assert.equal(await told(by), [[`${name}:1`, `${other}:x`], [by]]);
  assert.is((await daemon.docker(['push', `${other}:x`])).code, 0);
  assert.equal(await told(by), [
    [`${name}:1`, `${other}:x`],
    [by, `${other}@${digest}`],
  ]);
  const archive = join(scratch.path, 'named.tar');
  assert.is((await daemon.docker(['save', '-o', archive, `${name}:1`])).code, 0);
  assert.is((await daemon.docker(['rmi', `${other}:x`])).code, 0);
  assert.equal(await told(by), [[`${name}:1`], [by]]);
  assert.is((await daemon.docker(['rmi', `${name}:1`])).code, 0);
  assert.is((await daemon.docker(['load', '-i', archive])).code, 0);
  // An archive tells of no registry.
  assert.equal(await told(`${name}:1`), [[`${name}:1`], []]);
  assert.match((await daemon.docker(['images', '--digests', name])).stdout, /\s1\s+<none>\s/);
});

test('given a mirror of the hub, when docker pulls what it has, then from there, under the name of the hub', async () => {
  const { path, digest } = await layout({ Labels: { is: 'mirrored' } });
  await registry.push(`oci:${path}:latest`, 'library/mirrored:1');
  const mirrored = await TestDaemon.start({ extra: ['--registry', 'docker.io', '--registry-mirror', `http://${registry.host}`] });
  try {
    const pulled = await mirrored.docker(['pull', 'mirrored:1']);
    assert.is(pulled.code, 0, pulled.stderr);
    const { stdout } = await mirrored.docker(['inspect', '-f', '{{.RepoTags}} {{.RepoDigests}}', 'mirrored:1']);
    assert.is(stdout.trim(), `[mirrored:1] [mirrored@${digest}]`);
  } finally {
    await mirrored.destroy();
  }
});

test('given a registry that asks who one is, when one logs in with docker, then it pulls what others may not', async () => {
  const closed = await TestRegistry.start({ htpasswd: { username: 'me', password: 'pässword' } });
  try {
    const { path } = await layout({ Labels: { is: 'closed' } });
    await closed.push(`oci:${path}:latest`, 'app:1', ['--dest-creds', 'me:pässword']);
    const login = (password: string) =>
      run('docker', ['login', '-u', 'me', '--password-stdin', closed.host], { env: daemon.env, input: password });
    const name = `${closed.host}/app:1`;
    const before = await daemon.docker(['pull', name]);
    assert.is(before.code, 1);
    assert.match(before.stderr, `pull access denied for ${name}, repository does not exist or may require 'docker login'`);
    const wrong = await login('wrong');
    assert.is(wrong.code, 1);
    assert.match(wrong.stderr, `login attempt to ${closed.host} failed`);
    const right = await login('pässword');
    assert.equal([right.code, /Login Succeeded/.test(right.stdout)], [0, true], right.stderr);
    const pulled = await daemon.docker(['pull', name]);
    assert.is(pulled.code, 0, pulled.stderr);
    assert.is((await daemon.docker(['tag', name, `${closed.host}/mine:1`])).code, 0);
    const pushed = await daemon.docker(['push', `${closed.host}/mine:1`]);
    assert.is(pushed.code, 0, pushed.stderr);
    await run('docker', ['logout', closed.host], { env: daemon.env });
    const denied = await daemon.docker(['push', `${closed.host}/mine:1`]);
    assert.match(denied.stderr, /access denied/);
  } finally {
    await closed.stop();
  }
});

async function described(name: string, digest: string): Promise<object> {
  const url = `http://${registry.host}/v2/${name}/manifests/${digest}`;
  const answer = await fetch(url, { headers: { accept: 'application/vnd.oci.image.manifest.v1+json' } });
  return { mediaType: answer.headers.get('content-type'), digest, size: (await answer.arrayBuffer()).byteLength };
}

test.run();
