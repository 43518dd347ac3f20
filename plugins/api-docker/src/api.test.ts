import { once } from 'node:events';
import { get, request } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { ShiplogError } from '@shiplog/contracts';
import { networkLinkName } from '@shiplog/driver-kit';
import { MASKED_PATHS, READONLY_PATHS } from '@shiplog/oci';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { look } from './http/moment.ts';
import { create, start } from './testing/containers.ts';
import { type Answer, ask } from './testing/http-client.ts';
import { ROUTES } from './routes/table.ts';
import { serve } from './testing/serve.ts';
import { nowNanoseconds } from './translate/time.ts';

const test = suite('Docker API over a socket');

/** The JSON lines of an answer. */
function lines(answer: Answer): readonly { readonly [key: string]: unknown }[] {
  return answer.text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as { readonly [key: string]: unknown });
}

test('given any request, when it is answered, then Docker headers are there', async () => {
  await using server = await serve();
  for (const path of ['/_ping', '/v1.44/version', '/nowhere', '/containers/none/json']) {
    const { headers } = await ask(server.socketPath, 'GET', path);
    assert.is(headers['api-version'], '1.51');
    assert.is(headers['ostype'], 'linux');
    assert.is(headers['docker-experimental'], 'false');
    assert.match(String(headers['server']), /^Docker\/0\.1\.0 \(linux\)$/);
  }
});

test('given a ping, when it is answered, then it tells builder and swarm, and HEAD has no body', async () => {
  await using server = await serve();
  const { text, headers } = await ask(server.socketPath, 'GET', '/_ping');
  assert.is(text, 'OK');
  assert.is(headers['builder-version'], '1');
  assert.is(headers.swarm, 'inactive');
  const head = await ask(server.socketPath, 'HEAD', '/_ping');
  assert.equal([head.status, head.text], [200, '']);
});

test('given a moment that is yet to come, when looked at, then it is refused: what is then is not known', async () => {
  await using server = await serve();
  const { status, text } = await ask(server.socketPath, 'GET', '/containers/json?at=9000-01-01');
  assert.is(status, 400);
  assert.match(text, '9000-01-01 is yet to come');
});

test('given a time that was shown in milliseconds, when looked at, then what happened in it is there, and ages count from its end at most', async () => {
  await using server = await serve();
  const { now, past } = await look({ engine: server.engine, query: new URLSearchParams({ at: '2026-01-31T10:00:00.123Z' }) });
  assert.is(now, BigInt(Date.parse('2026-01-31T10:00:00.123Z')) * 1_000_000n + 999_999n);
  assert.ok(past);
  const recent = await look({ engine: server.engine, query: new URLSearchParams({ at: `${Math.floor(Date.now() / 1000)}.0` }) });
  assert.ok(recent.now <= nowNanoseconds());
});

test('given a moment, when routes that list and inspect are asked, then they look at it, and all others refuse it', async () => {
  await using server = await serve();
  const id = await create(server.socketPath, ['true']);
  const past = ROUTES.filter((entry) => entry.past === true);
  assert.is(past.length, 11);
  for (const { method, template } of past) {
    const path = template
      .replace('{id}', id)
      .replace('/networks/' + id, '/networks/bridge')
      .replace('{name*}', 'busybox')
      .replace('{name}', 'none');
    server.engine.looks.length = 0;
    await ask(server.socketPath, method, `${path}?at=3`);
    assert.equal(server.engine.looks, [{ seq: 3 }], path);
    assert.equal(server.engine.reads.at(-1)?.read, { from: 3, to: 3, follow: false, past: true }, path);
    for (const unreadable of ['yesterdayish', ''])
      assert.is((await ask(server.socketPath, method, `${path}?at=${unreadable}`)).status, 400, path);
  }
  server.engine.looks.length = 0;
  for (const { method, template } of ROUTES.filter((entry) => entry.past !== true && entry.method !== 'HEAD')) {
    const answer = await ask(server.socketPath, method, `${template.replaceAll(/\{\w+\*?\}/g, 'x')}?at=3`);
    assert.is(answer.status, 400, `${method} ${template}`);
    assert.match(answer.text, 'takes no moment');
  }
  assert.equal(server.engine.looks, []);
  assert.equal(
    server.engine.calls.map(({ type }) => type),
    ['container.create'],
  );
});

test('given an unknown path or method, when it is asked, then it is 404 page not found, byte for byte', async () => {
  await using server = await serve();
  for (const [method, path] of [
    ['GET', '/nowhere'],
    ['PUT', '/containers/json'],
    ['GET', '/v1.51/containers/a/b/json'],
    // Docker took it away; see PUT /containers/{id}/archive.
    ['POST', '/v1.51/containers/web/copy'],
  ] as const) {
    const { status, text, headers } = await ask(server.socketPath, method, path);
    assert.equal([status, text, headers['content-type']], [404, '{"message":"page not found"}\n', 'application/json']);
  }
});

test('given a version prefix, when it is too old or too new, then 400 names the limits', async () => {
  await using server = await serve();
  const tooNew = await ask(server.socketPath, 'GET', '/v1.52/info');
  assert.equal(
    [tooNew.status, tooNew.text],
    [400, '{"message":"client version 1.52 is too new. Maximum supported API version is 1.51"}\n'],
  );
  const tooOld = await ask(server.socketPath, 'GET', '/v1.23/info');
  assert.is(tooOld.status, 400);
  assert.match(tooOld.text, 'client version 1.23 is too old. Minimum supported API version is 1.24');
  assert.is((await ask(server.socketPath, 'GET', '/v1.24/info')).status, 200);
});

test('given routes of the future and of swarm, when they are asked, then 501 names the route and 503 the manager', async () => {
  await using server = await serve();
  const future = await ask(server.socketPath, 'GET', '/images/a/b:c/attestations');
  assert.equal(
    [future.status, future.text],
    [501, '{"message":"GET /images/{name*}/attestations is not implemented by this engine yet"}\n'],
  );
  const swarm = await ask(server.socketPath, 'GET', '/nodes');
  assert.is(swarm.status, 503);
  assert.match(swarm.text, '"message":"This node is not a swarm manager.');
});

test('given images to save, when they are asked for by path or query, then the names and the caller reach the engine, and bad requests do not', async () => {
  await using server = await serve();
  const { id } = server.engine.state.image('busybox');
  for (const path of [
    '/images/busybox/get',
    '/v1.41/images/busybox:latest/get',
    '/images/get?names=busybox',
    '/images/get?names=busybox,b&names=c',
  ]) {
    const { status, headers, text } = await ask(server.socketPath, 'GET', path);
    assert.equal([status, headers['content-type'], text], [200, 'application/x-tar', id], path);
  }
  assert.equal(
    server.engine.saved.map(({ images }) => images),
    [['busybox'], ['busybox:latest'], ['busybox'], ['busybox', 'b', 'c']],
  );
  assert.is(server.engine.saved[0]?.caller.req?.route, '/images/{name*}/get');
  assert.is((await ask(server.socketPath, 'GET', '/images/nobody/get')).status, 404);
  for (const platform of ['linux', '7', '{"os":7}']) {
    assert.is((await ask(server.socketPath, 'GET', `/images/busybox/get?platform=${encodeURIComponent(platform)}`)).status, 400, platform);
  }
});

test('given what takes space, when it is asked for by type, then only that is measured, and the rest is null', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['sleep', '60'], { HostConfig: { Binds: ['data:/data'] } });
  const df = async (path: string) => {
    const { status, text } = await ask(server.socketPath, 'GET', path);
    assert.is(status, 200, text);
    return JSON.parse(text) as { readonly [field: string]: readonly { readonly [field: string]: unknown }[] | null };
  };
  const all = await df('/system/df');
  assert.equal(server.engine.measured.at(-1), ['images', 'containers', 'volumes']);
  const [image] = all['Images'] ?? [];
  assert.equal([image?.['Size'], image?.['SharedSize'], image?.['Containers']], [60, 20, 1]);
  const [container] = all['Containers'] ?? [];
  assert.equal([container?.['Id'], container?.['SizeRw'], container?.['SizeRootFs']], [id, 4096, 8192]);
  assert.equal(
    [all['LayersSize'], all['BuildCache'], all['ImageUsage'], all['ContainerUsage']],
    [
      100,
      [],
      { TotalCount: 1, ActiveCount: 1, TotalSize: 100, Reclaimable: 40 },
      { TotalCount: 1, ActiveCount: 1, TotalSize: 4096, Reclaimable: 0 },
    ],
  );
  const some = await df('/v1.42/system/df?type=container&type=build-cache');
  assert.equal(server.engine.measured.at(-1), ['containers']);
  assert.equal([some['Images'], some['Volumes'], some['BuildCache'], some['Containers']?.length], [null, null, [], 1]);
  assert.is((await df('/v1.41/system/df?type=container'))['Images']?.length, 1, 'before 1.42 there is no choice');
  assert.is((await ask(server.socketPath, 'GET', '/system/df?type=everything')).status, 400);
});

test('given an image name with slashes, when it is asked plainly or encoded, then it is found', async () => {
  await using server = await serve();
  await ask(server.socketPath, 'POST', '/images/busybox/tag?repo=example.org/a/b&tag=1');
  assert.is((await ask(server.socketPath, 'GET', '/images/example.org/a/b:1/json')).status, 200);
  assert.is((await ask(server.socketPath, 'GET', '/images/example.org%2Fa%2Fb:1/json')).status, 200);
  assert.is((await ask(server.socketPath, 'GET', '/images/%zz/json')).status, 400);
});

test('given an image, when API 1.43 and 1.44 ask, then only the older is told the size twice', async () => {
  await using server = await serve();
  assert.match((await ask(server.socketPath, 'GET', '/v1.43/images/busybox/json')).text, '"VirtualSize":4096');
  assert.not.match((await ask(server.socketPath, 'GET', '/v1.44/images/busybox/json')).text, 'VirtualSize');
  for (const version of ['1.43', '1.51'])
    assert.match((await ask(server.socketPath, 'GET', `/v${version}/images/busybox/json`)).text, '"ContainerConfig":{');
});

test('given a body that is no JSON, when a container is created, then 400 says so and the audit has it', async () => {
  await using server = await serve();
  const { status, text } = await ask(server.socketPath, 'POST', '/v1.51/containers/create?name=x', { body: '{"Image":' });
  assert.is(status, 400);
  assert.match(text, '{"message":"invalid JSON: ');
  const [refusal] = server.engine.refusals;
  assert.is(refusal?.type, 'container.create');
  assert.equal(refusal?.caller.actor, { scheme: 'unix', uid: 1000, gid: 1000, pid: 77 });
  assert.equal(refusal?.caller.req, { method: 'POST', route: '/containers/create', api: '1.51' });
});

test('given bad bodies, when they are sent, then each is refused with 400 and recorded', async () => {
  await using server = await serve();
  const bodies = [
    '{} {}',
    '[]',
    '{"Image":7}',
    '{"Image":"busybox","HostConfig":{"Memory":"1g"}}',
    '{"Image":"busybox","HostConfig":{"Memory":1}}',
  ];
  for (const body of bodies) assert.is((await ask(server.socketPath, 'POST', '/containers/create', { body })).status, 400, body);
  const text = await ask(server.socketPath, 'POST', '/containers/create', { body: '{}', headers: { 'Content-Type': 'text/plain' } });
  assert.is(text.status, 400);
  const huge = await ask(server.socketPath, 'POST', '/containers/create', { body: `{"Image":"${'x'.repeat(5 << 20)}"}` });
  assert.match(huge.text, 'larger than');
  assert.is(server.engine.refusals.length, bodies.length + 2);
  assert.is(server.engine.calls.length, 0);
});

test('given a client that goes away in the middle of a body, when a container is to be created, then it is recorded as canceled, not as our fault', async () => {
  await using server = await serve();
  const asked = request({ socketPath: server.socketPath, method: 'POST', path: '/containers/create', headers: { 'Content-Length': 500 } });
  asked.on('error', () => undefined);
  asked.write('{"Image":', () => asked.destroy());
  while (server.engine.refusals.length === 0) await setImmediate();
  const [refusal] = server.engine.refusals;
  assert.is(ShiplogError.wrap(refusal?.error ?? new Error('none')).code, 'CANCELED');
});

test('given what cannot be honoured, when a container is created, then 501 names the field', async () => {
  await using server = await serve();
  const body = JSON.stringify({ Image: 'busybox', HostConfig: { VolumesFrom: ['other'] } });
  const { status, text } = await ask(server.socketPath, 'POST', '/containers/create', { body });
  assert.is(status, 501);
  assert.match(text, 'VolumesFrom');
});

test('given environment, when a container is created, then the command holds names only and inspect the values', async () => {
  await using server = await serve();
  const id = await create(server.socketPath, ['sleep'], { Env: ['SECRET=hush', 'PATH=/own'] });
  assert.not.match(JSON.stringify(server.engine.calls), 'hush');
  const inspected = JSON.parse((await ask(server.socketPath, 'GET', `/containers/${id}/json`)).text) as { Config: { Env: string[] } };
  assert.equal(inspected.Config.Env, ['SECRET=hush', 'PATH=/own']);
});

test('given a started container, when it is started again, then 304 without body; a missing one is 404', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['sleep']);
  const again = await ask(server.socketPath, 'POST', `/containers/${id}/start`);
  assert.equal([again.status, again.text], [304, '']);
  const missing = await ask(server.socketPath, 'POST', '/containers/nope/start');
  assert.equal([missing.status, missing.text], [404, '{"message":"No such container: nope"}\n']);
  assert.is((await ask(server.socketPath, 'POST', `/containers/${id}/start`, { body: '{"Binds":[]}' })).status, 400);
});

test('given both encodings of filters, when containers are listed, then labels are AND-ed and unknown keys are 400', async () => {
  await using server = await serve();
  const both = await create(server.socketPath, ['sleep'], { Labels: { a: '1', b: '2' } });
  await create(server.socketPath, ['sleep'], { Labels: { a: '1' } });
  for (const filters of ['{"label":["a=1","b"]}', '{"label":{"a=1":true,"b":true}}']) {
    const { text } = await ask(server.socketPath, 'GET', `/containers/json?all=1&filters=${encodeURIComponent(filters)}`);
    assert.equal(
      (JSON.parse(text) as { Id: string }[]).map(({ Id }) => Id),
      [both],
    );
  }
  const unknown = await ask(server.socketPath, 'GET', `/containers/json?filters=${encodeURIComponent('{"colour":["red"]}')}`);
  assert.equal([unknown.status, unknown.text], [400, '{"message":"invalid filter \'colour\'"}\n']);
});

test('given values that a filter cannot have, when containers and networks are listed or pruned, then they are 400', async () => {
  await using server = await serve();
  for (const [method, path, filters, message] of [
    ['GET', '/containers/json', '{"health":["fine"]}', "invalid filter 'health=fine'"],
    ['GET', '/networks', '{"type":["strange"]}', "invalid filter 'type=strange'"],
    ['POST', '/containers/prune', '{"until":["1h","2h"]}', 'more than one until filter specified'],
    ['POST', '/images/prune', '{"until":["1h","2h"]}', 'more than one until filter specified'],
    ['POST', '/networks/prune', '{"until":["1h","2h"]}', 'more than one until filter specified'],
  ] as const) {
    const answer = await ask(server.socketPath, method, `${path}?filters=${encodeURIComponent(filters)}`);
    assert.equal([answer.status, JSON.parse(answer.text)], [400, { message }]);
  }
});

test('given what only defaults say, when it is inspected, then it is told as Docker tells it', async () => {
  await using server = await serve();
  const inspect = async (path: string): Promise<never> => JSON.parse((await ask(server.socketPath, 'GET', path)).text) as never;
  const pathsOf = async (HostConfig: object): Promise<readonly unknown[]> => {
    const body = JSON.stringify({ Image: 'busybox', HostConfig });
    const { Id } = JSON.parse((await ask(server.socketPath, 'POST', '/containers/create', { body })).text) as { Id: string };
    const { HostConfig: told }: { HostConfig: { MaskedPaths: unknown; ReadonlyPaths: unknown } } = await inspect(`/containers/${Id}/json`);
    return [told.MaskedPaths, told.ReadonlyPaths];
  };
  assert.equal(await pathsOf({}), [MASKED_PATHS, READONLY_PATHS]);
  assert.equal(await pathsOf({ Privileged: true }), [null, null]);
  assert.equal(await pathsOf({ MaskedPaths: [], ReadonlyPaths: ['/proc/sys'] }), [[], ['/proc/sys']]);
  const { Id, Options }: { Id: string; Options: object } = await inspect('/networks/bridge?scope=local');
  assert.equal(Options, {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'true',
    'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
    'com.docker.network.bridge.name': networkLinkName(Id),
    'com.docker.network.driver.mtu': '1500',
  });
  const elsewhere = await ask(server.socketPath, 'GET', '/networks/bridge?scope=swarm');
  assert.equal([elsewhere.status, /network bridge not found/.test(elsewhere.text)], [404, true]);
  const image = async (version: string): Promise<object> => inspect(`/v${version}/images/busybox/json`);
  assert.equal(['Container' in (await image('1.41')), 'Container' in (await image('1.45'))], [true, false]);
});

test('given credentials, when they are checked, then the registry is asked, and a wrong password is 401 in the words of docker', async () => {
  await using server = await serve();
  const check = (body: object) =>
    ask(server.socketPath, 'POST', '/auth', { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
  const good = await check({ username: 'me', password: 'right', serveraddress: 'https://index.docker.io/v1/' });
  assert.equal([good.status, good.text], [200, '{"IdentityToken":"","Status":"Login Succeeded"}\n']);
  assert.is((await check({ username: 'me', password: 'right', serveraddress: 'localhost:5000' })).status, 200);
  const wrong = await check({ username: 'me', password: 'wrong', serveraddress: 'h' });
  assert.equal([wrong.status, wrong.text], [401, '{"message":"login attempt to h failed: access denied"}\n']);
  assert.is((await check({ serveraddress: 'h' })).status, 400);
  assert.is((await check({ username: 'me', password: 'right', serveraddress: 'a b' })).status, 400);
  assert.equal(server.engine.logins, ['me@docker.io', 'me@localhost:5000', 'me@h']);
});

test('given a reference, when it is asked what it stands for, then the engine is told who one is, and answers what and for which platforms', async () => {
  await using server = await serve();
  const credentials = Buffer.from(JSON.stringify({ username: 'me', password: 'right' })).toString('base64');
  const headers = { 'X-Registry-Auth': credentials };
  const found = await ask(server.socketPath, 'GET', '/v1.41/distribution/localhost:5000/a/b:1/json', { headers });
  assert.is(found.status, 200);
  assert.equal(JSON.parse(found.text), {
    Descriptor: { mediaType: 'application/vnd.oci.image.index.v1+json', digest: `sha256:${'a'.repeat(64)}`, size: 1234 },
    Platforms: [
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64', variant: 'v8' },
    ],
  });
  assert.is((await ask(server.socketPath, 'GET', '/distribution/none/json')).status, 404);
  assert.equal(server.engine.asked, ['localhost:5000/a/b:1 as me', 'none as nobody']);
  const id = `sha256:${'1'.repeat(64)}`;
  for (const [name, wrong] of [
    [id, {}],
    [id.slice(7), {}],
    ['No%20Name', {}],
    ['app', { headers: { 'X-Registry-Auth': 'hunter2' } }],
  ] as const) {
    const refused = await ask(server.socketPath, 'GET', `/distribution/${name}/json`, wrong);
    assert.is(refused.status, 400, refused.text);
    assert.not.match(refused.text, 'hunter2');
  }
  assert.equal(
    server.engine.refusals.map(({ type }) => type),
    Array.from({ length: 4 }, () => 'registry.inspect'),
  );
});

test('given an image, when it is pushed by a tag and by its name, then each tag is told with its digest; nobody and denied ones have a status', async () => {
  await using server = await serve();
  const { id } = server.engine.state.image('busybox');
  const line = (tag: string) =>
    `{"status":"The push refers to repository [busybox:${tag}]","progressDetail":{}}\r\n{"status":"${tag}: digest: ${id} size: 7"}\r\n{"progressDetail":{},"aux":{"Tag":"${tag}","Digest":"${id}","Size":7}}\r\n`;
  const [tag = ''] = server.engine.state.image('busybox').tags.map((name) => name.split(':')[1]);
  assert.is((await ask(server.socketPath, 'POST', `/images/busybox/push?tag=${tag}`)).text, line(tag));
  assert.is((await ask(server.socketPath, 'POST', '/images/busybox/push')).text, line(tag));
  assert.is((await ask(server.socketPath, 'POST', '/images/nobody/push?tag=1')).status, 404);
  const misread = await ask(server.socketPath, 'POST', '/images/busybox/push', { headers: { 'X-Registry-Auth': 'bm8=' } });
  assert.equal([misread.status, /invalid X-Registry-Auth header/.test(misread.text)], [400, true]);
});

test('given a load, when progress was sent and when the archive is bad, then lines end with CRLF and the error has its status', async () => {
  await using server = await serve();
  const loaded = await ask(server.socketPath, 'POST', '/images/load?quiet=0', {
    body: 'image a:1',
    headers: { 'Content-Type': 'application/x-tar' },
  });
  assert.is(
    loaded.text,
    '{"status":"Loading layer","progressDetail":{"current":1,"total":2},"id":"layer"}\r\n{"stream":"Loaded image: a:1\\n"}\r\n',
  );
  const bad = await ask(server.socketPath, 'POST', '/images/load', { body: 'garbage', headers: { 'Content-Type': 'application/x-tar' } });
  assert.equal([bad.status, bad.text], [400, '{"message":"unexpected end of archive"}\n']);
});

test('given history, when events are asked since and until, then they come from the whole log with their legacy fields', async () => {
  await using server = await serve();
  await ask(server.socketPath, 'POST', '/images/load', { body: 'image busybox:latest' });
  const id = await start(server.socketPath, ['exit', '3'], { Labels: { exitCode: 'forged', k: 'v' } });
  await new Promise((wake) => setTimeout(wake, 20));
  await ask(server.socketPath, 'DELETE', `/containers/${id}`);
  const until = Date.now() / 1000 + 0.1;
  const told = lines(
    await ask(
      server.socketPath,
      'GET',
      `/events?since=1&until=${until.toFixed(6)}&filters=${encodeURIComponent('{"type":{"container":true}}')}`,
    ),
  );
  assert.equal(
    told.map(({ status, from }) => [status, from]),
    [
      ['create', 'busybox'],
      ['start', 'busybox'],
      ['die', 'busybox'],
      ['destroy', 'busybox'],
    ],
  );
  const { name, execDuration } = JSON.parse(JSON.stringify(told[2]?.['Actor'])).Attributes;
  assert.match(execDuration, /^\d+$/);
  assert.equal(told[2]?.['Actor'], {
    ID: id,
    Attributes: { execDuration, exitCode: '3', image: 'busybox', k: 'v', maker: 'test', name },
  });
});

test('given a time in the midst of the log, when events are asked since then, then reading begins there, with what was known then', async () => {
  await using server = await serve();
  await ask(server.socketPath, 'POST', '/images/load', { body: 'image busybox:latest' });
  await start(server.socketPath, ['exit', '3']);
  await new Promise((wake) => setTimeout(wake, 20));
  const from = server.engine.log.durableSeq + 1;
  const since = (Date.now() / 1000).toFixed(6);
  await new Promise((wake) => setTimeout(wake, 20));
  await ask(server.socketPath, 'POST', '/images/load', { body: 'image other:latest' });
  const told = lines(await ask(server.socketPath, 'GET', `/events?since=${since}&until=${(Date.now() / 1000 + 0.1).toFixed(6)}`));
  assert.equal(
    told.map(({ Type, Action }) => [Type, Action]),
    [['image', 'load']],
  );
  assert.is(server.engine.reads.at(-1)?.read.from, from);
  assert.equal(server.engine.looks.at(-1), { seq: from - 1 });
});

test('given neither since nor until, when events are followed, then headers come at once and only new ones follow', async () => {
  await using server = await serve();
  const id = await create(server.socketPath, ['sleep']);
  const { promise, resolve } = Promise.withResolvers<string>();
  const asked = get({ socketPath: server.socketPath, path: '/events' }, (response) => {
    response.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    void ask(server.socketPath, 'POST', `/containers/${id}/rename?name=new`);
  });
  const first = JSON.parse(await promise) as { Action: string; Actor: { Attributes: { name: string; oldName: string } } };
  asked.destroy();
  assert.is(first.Action, 'rename');
  assert.is(first.Actor.Attributes.name, 'new');
  assert.match(first.Actor.Attributes.oldName, /^\/fake_/);
});

test('given an until in the future, when events are followed, then the stream ends at that time', async () => {
  await using server = await serve();
  const began = Date.now();
  await ask(server.socketPath, 'GET', `/events?until=${((began + 150) / 1000).toFixed(3)}`);
  assert.ok(Date.now() - began >= 100);
});

test('given a history that takes longer to read than until lasts, when events are asked, then all of it is told', async () => {
  await using server = await serve();
  const { log } = server.engine;
  await ask(server.socketPath, 'POST', '/images/load', { body: 'image busybox:latest' });
  await ask(server.socketPath, 'POST', '/images/load', { body: 'image other:latest' });
  const { follow } = log;
  // Who follows has been given one event when the time is over.
  log.follow = async function* ({ from, signal }) {
    for await (const event of follow.call(log, { from, signal: new AbortController().signal })) {
      yield event;
      await once(signal as AbortSignal, 'abort');
      return;
    }
  };
  const told = lines(await ask(server.socketPath, 'GET', `/events?since=1&until=${(Date.now() / 1000 + 0.5).toFixed(6)}`));
  assert.equal(
    told.map(({ Action, Actor }) => [Action, (Actor as { Attributes: { name: string } }).Attributes.name]),
    [
      ['load', 'busybox:latest'],
      ['load', 'other:latest'],
    ],
  );
});

test('given an idempotency key, when a container is created, then the caller carries it', async () => {
  await using server = await serve();
  await ask(server.socketPath, 'POST', '/containers/create', {
    body: '{"Image":"busybox"}',
    headers: { 'Idempotency-Key': 'once', 'User-Agent': 'me' },
  });
  const caller = server.engine.calls[0]?.caller;
  assert.is(caller?.idem, 'once');
  assert.is(caller?.req?.agent, 'me');
});

test.run();
