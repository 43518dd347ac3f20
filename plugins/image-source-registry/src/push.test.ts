import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegistryAuth } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Asker, codeOf, digestOf, LAYER, MANIFEST, ScriptedRegistry } from './testing/scripted-registry.test.util.ts';

const test = suite('pushing to registries');
const content = Buffer.from('0123456789'.repeat(50_000));
const digest = digestOf(content);

async function upload(asker: Asker, host: string, more: { readonly elsewhere?: string[]; readonly auth?: RegistryAuth } = {}) {
  const path = join(asker.directory, 'layer');
  await writeFile(path, content);
  return asker.source.upload(
    { reference: `${host}/a/b:1`, mediaType: LAYER, digest, size: content.length, path, ...more },
    asker.context(),
  );
}

test('given a registry that does not have a blob, when it is uploaded, then whole, to where the registry says; what broke on the way begins anew', async () => {
  let sessions = 0;
  await using registry = await ScriptedRegistry.start(({ method, url = '' }, response) => {
    if (method === 'HEAD') response.writeHead(404).end();
    else if (method === 'POST') response.writeHead(202, { location: `/somewhere/${(sessions += 1)}?state=x%3D` }).end();
    else if (method === 'PUT') response.writeHead(url.includes('/somewhere/1') ? 503 : 201).end();
    else response.end();
  });
  await using asker = await Asker.make();
  assert.equal(await upload(asker, registry.host), { state: 'pushed' });
  const puts = registry.seen.filter(({ method }) => method === 'PUT');
  const query = `?state=x%3D&digest=${encodeURIComponent(digest)}`;
  assert.equal(
    puts.map(({ url, body }) => [url, body === content.toString()]),
    [
      [`/somewhere/1${query}`, true],
      [`/somewhere/2${query}`, true],
    ],
  );
  const last = asker.told.at(-1);
  assert.equal([last?.status, last?.current, last?.total], ['Pushing', content.length, content.length]);
});

test('given a registry that has a blob, here or elsewhere, when it is uploaded, then nothing is sent', async () => {
  let has = true;
  await using registry = await ScriptedRegistry.start(({ method, url = '' }, response) => {
    if (method === 'HEAD') response.writeHead(has ? 200 : 404).end();
    else if (method === 'POST') response.writeHead(url.includes('mount=') ? 201 : 202, { location: '/session' }).end();
    else response.end();
  });
  await using asker = await Asker.make();
  assert.equal(await upload(asker, registry.host), { state: 'there' });
  has = false;
  const from = `${registry.host}/other/one:latest`;
  assert.equal(await upload(asker, registry.host, { elsewhere: ['example.org/not/here:1', from] }), { state: 'mounted', from });
  assert.match(registry.seen.at(-1)?.url ?? '', `?mount=${encodeURIComponent(digest)}&from=other%2Fone`);
  assert.equal(
    registry.seen.filter(({ method }) => method === 'PUT'),
    [],
  );
});

test('given a layer that it would take work to send, when it is asked for, then it is mounted where that can be, and no upload is left begun', async () => {
  let mounts = true;
  await using registry = await ScriptedRegistry.start(({ method, url = '' }, response) => {
    if (method === 'HEAD') response.writeHead(url.includes('/there/') ? 200 : 404).end();
    else if (method === 'POST') response.writeHead(mounts ? 201 : 202, { location: '/session/1' }).end();
    else response.writeHead(204).end();
  });
  await using asker = await Asker.make();
  const mount = (name: string, elsewhere: string[] = []) =>
    asker.source.mount({ reference: `${registry.host}/${name}:1`, mediaType: LAYER, digest, size: 1, elsewhere }, asker.context());
  const from = `${registry.host}/other/one:latest`;
  assert.equal(await mount('there/a'), { state: 'there' });
  assert.equal(await mount('a/b'), { state: 'absent' });
  assert.not.ok(registry.seen.some(({ method }) => method === 'POST'));
  assert.equal(await mount('a/b', [from]), { state: 'mounted', from });
  mounts = false;
  assert.equal(await mount('a/b', [from]), { state: 'absent' });
  assert.equal([registry.seen.at(-1)?.method, registry.seen.at(-1)?.url], ['DELETE', '/session/1']);
});

test('given a registry that sends uploads elsewhere, when one goes there, then the password does not', async () => {
  await using store = await ScriptedRegistry.start((_, response) => response.writeHead(201).end());
  await using registry = await ScriptedRegistry.start(({ method, headers }, response) => {
    if (headers.authorization === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    else if (method === 'POST') response.writeHead(202, { location: `http://${store.host}/bucket` }).end();
    else response.writeHead(404).end();
  });
  await using asker = await Asker.make();
  await upload(asker, registry.host, { auth: { username: 'me', password: 'secret' } });
  assert.equal(
    store.seen.map(({ method, authorization, body }) => [method, authorization, body.length]),
    [['PUT', undefined, content.length]],
  );
});

test('given a registry that takes nothing, when a blob or a manifest is sent, then why is told, and it is not sent twice', async () => {
  for (const [status, code] of [
    [403, 'REGISTRY_DENIED'],
    [400, 'DRIVER_FAILED'],
    [413, 'DRIVER_FAILED'],
  ] as const) {
    await using registry = await ScriptedRegistry.start(({ method }, response) => {
      if (method === 'HEAD') response.writeHead(404).end();
      else if (method === 'POST') response.writeHead(202, { location: '/session' }).end();
      else if (method === 'PUT')
        response.writeHead(status, { 'content-type': 'application/json' }).end('{"errors":[{"code":"NO","message":"none of that"}]}');
      else response.end();
    });
    await using asker = await Asker.make();
    assert.is(await codeOf(upload(asker, registry.host)), code);
    const manifest = {
      reference: `${registry.host}/a/b:1`,
      mediaType: MANIFEST,
      digest,
      size: content.length,
      path: join(asker.directory, 'layer'),
    };
    assert.is(await codeOf(asker.source.publish(manifest, asker.context())), code);
    assert.is(registry.seen.filter(({ method }) => method === 'PUT').length, 2);
  }
});

test('given a manifest, when it is published, then with its type under its tag; a registry that makes another of it is found out', async () => {
  let answered = digest;
  await using registry = await ScriptedRegistry.start((_, response) =>
    response.writeHead(201, { 'docker-content-digest': answered }).end(),
  );
  await using asker = await Asker.make();
  const path = join(asker.directory, 'manifest');
  await writeFile(path, content);
  const args = { reference: `${registry.host}/a/b:tag`, mediaType: MANIFEST, digest, size: content.length, path };
  assert.equal(await asker.source.publish(args, asker.context()), {});
  const put = registry.seen.at(-1);
  assert.equal([put?.method, put?.url, put?.body], ['PUT', '/v2/a/b/manifests/tag', content.toString()]);
  answered = digestOf('another');
  assert.is(await codeOf(asker.source.publish(args, asker.context())), 'DIGEST_MISMATCH');
  assert.is(
    await codeOf(asker.source.publish({ ...args, reference: `${registry.host}/a/b@${digest}` }, asker.context())),
    'REFERENCE_INVALID',
  );
});

test.run();
