import { join } from 'node:path';
import Docker from 'dockerode';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxLayout, run, temporaryDirectory, TestDaemon, TestRegistry } from '@shiplog/test-support';

const ME = { username: 'me', password: 'hunter2-hunter2' };
const INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

const test = suite('dockerode, asking registries');
const scratch = await temporaryDirectory('shiplog-distribution-');
const registry = await TestRegistry.start({ htpasswd: ME });
const daemon = await TestDaemon.start();
const docker = new Docker({ socketPath: daemon.socket });
const layout = join(scratch.path, 'layout');
const { digest, size } = await busyboxLayout(layout, 'latest');
const name = `${registry.host}/some/app`;

test.before(() =>
  registry.push(`oci:${layout}:latest`, 'some/app:1', ['--preserve-digests', '--dest-creds', `${ME.username}:${ME.password}`]),
);

test.after(async () => {
  await daemon.destroy();
  await registry.stop();
  await scratch.cleanup();
});

function asked(reference: string, authconfig?: Docker.AuthConfig): Promise<Docker.ImageDistributionInfo> {
  return docker.getImage(reference).distribution({ authconfig });
}

async function failure(work: Promise<unknown>): Promise<{ readonly statusCode?: number; readonly message?: string }> {
  return work.then(
    () => ({}),
    (error: unknown) => error as { readonly statusCode?: number },
  );
}

test('given an image of a closed registry, when it is asked for with credentials, then by its tag and by its digest it is what a pull would bring, and nothing is brought', async () => {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const expected = { Descriptor: { mediaType: MANIFEST, digest, size }, Platforms: [{ architecture, os: 'linux' }] };
  assert.equal(await asked(`${name}:1`, ME), expected);
  assert.equal(await asked(`${name}@${digest}`, ME), expected);
  assert.equal(await docker.listImages(), []);
});

test('given an index, when it is asked for, then every platform of it is told', async () => {
  const platforms = [
    { architecture: 'amd64', os: 'linux' },
    { architecture: 'arm', os: 'linux', variant: 'v7' },
  ];
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: platforms.map((platform) => ({ mediaType: MANIFEST, digest, size, platform })),
  });
  const put = await fetch(`http://${registry.host}/v2/some/app/manifests/many`, {
    method: 'PUT',
    headers: { 'content-type': INDEX, authorization: `Basic ${Buffer.from(`${ME.username}:${ME.password}`).toString('base64')}` },
    body,
  });
  assert.is(put.status, 201);
  const { Descriptor, Platforms } = await asked(`${name}:many`, ME);
  assert.equal([Descriptor.mediaType, Descriptor.size, Descriptor.digest], [INDEX, body.length, put.headers.get('docker-content-digest')]);
  assert.equal(Platforms, platforms);
});

test('given what is not there, or not for everybody, when it is asked for, then the error says which', async () => {
  const missing = await failure(asked(`${name}:none`, ME));
  assert.is(missing.statusCode, 404);
  assert.match(missing.message ?? '', 'manifest unknown');
  const closed = await failure(asked(`${name}:1`));
  assert.is(closed.statusCode, 403);
  assert.match(closed.message ?? '', "may require 'docker login'");
  const wrong = await failure(asked(`${name}:1`, { ...ME, password: 'hunter2-wrong' }));
  assert.is(wrong.statusCode, 403);
});

test('given all of the above, when the log is read, then it has who asked what, and nothing of the credentials; nothing of it stays on disk', async () => {
  const events = (await daemon.events()).filter(({ type }) => type.startsWith('registry.'));
  assert.equal(
    events.map(({ type, result, data, actor }) => [type, data['registry'], data['ref'], result?.status, result?.error?.code, actor.pid]),
    [
      ['1', 'ok', undefined],
      [digest, 'ok', undefined],
      ['many', 'ok', undefined],
      ['none', 'failed', 'IMAGE_NOT_FOUND'],
      ['1', 'refused', 'REGISTRY_DENIED'],
      ['1', 'refused', 'REGISTRY_DENIED'],
    ].map(([what, status, code]) => [
      'registry.inspect',
      registry.host,
      `${name}${what === digest ? '@' : ':'}${what}`,
      status,
      code,
      process.pid,
    ]),
  );
  const { stdout } = await daemon.shiplog(['audit', '--verb', 'registry.inspect']);
  assert.match(stdout, new RegExp(`registry\\.inspect +registry/${registry.host} \\(${name}:many\\) +ok`));
  const found = await run('grep', ['-rlaF', 'hunter2', daemon.directory]);
  assert.equal([found.code, found.stdout], [1, '']);
  const left = await run('find', [join(daemon.directory, 'root/drivers/image-store/local'), '-type', 'f']);
  assert.is(left.stdout, '');
});

test.run();
