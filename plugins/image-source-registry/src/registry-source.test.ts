import { createServer as createTcpServer } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Asker, codeOf, digestOf, LAYER, MANIFEST, ScriptedRegistry } from './testing/scripted-registry.test.util.ts';

const test = suite('image-source-registry');
const content = Buffer.from('0123456789'.repeat(100));

async function failure(work: Promise<unknown>): Promise<ShiplogError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, ShiplogError);
  return error as ShiplogError;
}

test('given a connection that is cut again and again, when a blob is fetched, then it goes on where it was', async () => {
  await using registry = await ScriptedRegistry.start((request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const headers = {
      'content-length': content.length - from,
      ...(from === 0 ? {} : { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
    };
    response.writeHead(from === 0 ? 200 : 206, headers);
    // More often than one waits for nothing: what brings something counts anew.
    response.write(content.subarray(from, from + 150), () => (from + 150 >= content.length ? response.end() : response.destroy()));
  });
  await using asker = await Asker.make();
  assert.equal(await asker.fetch(`${registry.host}/a:1`, content), content);
  const ranges = registry.seen.filter(({ url }) => url.includes('/blobs/')).map(({ range }) => range);
  assert.equal(ranges, [undefined, 'bytes=150-', 'bytes=300-', 'bytes=450-', 'bytes=600-', 'bytes=750-', 'bytes=900-']);
  const last = asker.told.at(-1);
  assert.equal([last?.status, last?.current, last?.total], ['Downloading', content.length, content.length]);
});

test('given a registry that knows no ranges, or answers another one, when a connection was cut, then the blob begins anew and is whole', async () => {
  for (const wrong of ['none', 'other'] as const) {
    let cuts = 0;
    await using registry = await ScriptedRegistry.start((request, response) => {
      if (!(request.url ?? '').includes('/blobs/')) return void response.end();
      if (wrong === 'other' && request.headers.range !== undefined && cuts === 1) {
        cuts += 1;
        response.writeHead(416);
        return void response.end();
      }
      response.writeHead(200, { 'content-length': content.length });
      if (cuts === 0) {
        cuts += 1;
        response.write(content.subarray(0, 300), () => response.destroy());
      } else response.end(content);
    });
    await using asker = await Asker.make();
    assert.equal(await asker.fetch(`${registry.host}/a:1`, content), content);
  }
});

test('given more bytes than were announced, when a blob is fetched, then it fails and is not tried again; fewer are asked for until patience ends', async () => {
  for (const [sent, code, times] of [
    [Buffer.concat([content, content]), 'DIGEST_MISMATCH', 1],
    [Buffer.alloc(0), 'REGISTRY_UNAVAILABLE', 4],
  ] as const) {
    await using registry = await ScriptedRegistry.start((_, response) => response.end(sent));
    await using asker = await Asker.make();
    assert.is((await failure(asker.fetch(`${registry.host}/a:1`, content))).code, code);
    assert.is(registry.seen.filter(({ url }) => url.includes('/blobs/')).length, times);
    assert.ok((await readFile(join(asker.directory, 'blob'))).length <= content.length);
  }
});

test('given a registry that is busy, when it is asked, then it is asked again, and as late as it says', async () => {
  let asked = 0;
  await using registry = await ScriptedRegistry.start((request, response) => {
    if (!(request.url ?? '').includes('/manifests/')) return void response.end();
    asked += 1;
    if (asked === 1) response.writeHead(429, { 'retry-after': '1' }).end();
    else response.writeHead(200, { 'content-type': MANIFEST, 'docker-content-digest': digestOf('x'), 'content-length': 1 }).end();
  });
  await using asker = await Asker.make();
  const began = performance.now();
  assert.equal(await asker.resolve(`${registry.host}/a:1`), { mediaType: MANIFEST, digest: digestOf('x'), size: 1 });
  assert.ok(performance.now() - began >= 990);
});

test('given a registry that is busy for longer than anybody waits, when it is asked, then it fails at once with what it says', async () => {
  await using registry = await ScriptedRegistry.start((_, response) => {
    response.writeHead(503, { 'retry-after': '3600', 'content-type': 'application/json' });
    response.end(JSON.stringify({ errors: [{ code: 'UNAVAILABLE', message: 'closed\n\u001b[31m until Monday' }] }));
  });
  await using asker = await Asker.make();
  // What the registry says is shown without what would color a terminal.
  const { code, message } = await failure(asker.fetch(`${registry.host}/a:1`, content));
  assert.is(code, 'REGISTRY_UNAVAILABLE');
  assert.match(message, /UNAVAILABLE: closed \[31m until Monday \(503 Service Unavailable\)/);
});

test('given a registry that keeps its blobs elsewhere, when one is fetched with a password, then the other is not told it', async () => {
  await using store = await ScriptedRegistry.start((_, response) => response.end(content));
  await using registry = await ScriptedRegistry.start((request, response) => {
    if (request.headers.authorization === undefined) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    response.writeHead(307, { location: `http://user:pw@${store.host}/bucket/x?signature=1` }).end();
  });
  await using asker = await Asker.make();
  const auth = { username: 'me', password: 'secret' };
  assert.equal(await asker.fetch(`${registry.host}/a:1`, content, auth), content);
  assert.equal(
    store.seen.map(({ url, authorization }) => [url, authorization]),
    [['/bucket/x?signature=1', undefined]],
  );
  assert.is(registry.seen.at(-1)?.authorization, `Basic ${Buffer.from('me:secret').toString('base64')}`);
});

test('given redirects in a circle, to other protocols and to plain HTTP elsewhere, when they are followed, then that fails', async () => {
  for (const location of ['/again', 'ftp://127.0.0.1/x', 'http://example.invalid/x', 'file:///etc/passwd', 'https://[']) {
    await using registry = await ScriptedRegistry.start((request, response) => {
      if ((request.url ?? '') === '/v2/') return void response.end();
      response.writeHead(302, { location }).end();
    });
    await using asker = await Asker.make({ insecure: '' });
    const { code, message } = await failure(asker.fetch(`${registry.host}/a:1`, content));
    assert.is(code, 'DRIVER_FAILED', message);
  }
});

test('given what is no image, or one of schema 1, when it is resolved, then it is refused with what it is', async () => {
  for (const [type, say] of [
    ['application/vnd.docker.distribution.manifest.v1+prettyjws', 'schema version 1'],
    ['application/vnd.cncf.helm.chart', 'is no container image'],
  ] as const) {
    await using registry = await ScriptedRegistry.start((_, response) => response.writeHead(200, { 'content-type': type }).end('{}'));
    await using asker = await Asker.make();
    const { code, message } = await failure(asker.resolve(`${registry.host}/a:1`));
    assert.is(code, 'NOT_SUPPORTED');
    assert.match(message, say);
  }
});

test('given a registry whose answers to HEAD say nothing, when an image is resolved, then its manifest says what it is', async () => {
  await using registry = await ScriptedRegistry.start((request, response) => {
    if (request.method === 'HEAD') response.writeHead(405).end();
    else response.writeHead(200, { 'content-type': `${MANIFEST}; charset=utf-8` }).end('{"a":1}');
  });
  await using asker = await Asker.make();
  assert.equal(await asker.resolve(`${registry.host}/a:1`), { mediaType: MANIFEST, digest: digestOf('{"a":1}'), size: 7 });
});

test('given a registry that knows nobody, when it is asked without a password or with a wrong one, then that is denied and not tried again', async () => {
  await using registry = await ScriptedRegistry.start((_, response) => {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="r"', 'content-type': 'application/json' });
    response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
  });
  await using asker = await Asker.make();
  for (const auth of [undefined, { username: 'me', password: 'wrong' }]) {
    const before = registry.seen.length;
    const { code, message } = await failure(asker.resolve(`${registry.host}/a:1`, auth));
    assert.is(code, 'REGISTRY_DENIED');
    assert.match(message, /pull access denied for .* may require 'docker login'.*UNAUTHORIZED: authentication required/);
    assert.not.match(message, 'wrong');
    assert.ok(registry.seen.length - before <= 6);
  }
});

test('given a registry that has not answered yet, when the pull is canceled, then it ends at once', async () => {
  const silent = createTcpServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  await using asker = await Asker.make();
  const gone = new AbortController();
  const args = {
    reference: `127.0.0.1:${port}/a:1`,
    mediaType: LAYER,
    digest: digestOf(content),
    size: content.length,
    path: join(asker.directory, 'blob'),
  };
  const fetching = asker.source.fetch(args, asker.context(gone.signal));
  setTimeout(() => gone.abort(), 50);
  const began = performance.now();
  await fetching.then(
    () => assert.unreachable(),
    (error: unknown) => assert.is((error as Error).name, 'AbortError'),
  );
  assert.ok(performance.now() - began < 20_000);
  silent.close();
});

test('given a registry that never answers, when an image is resolved, then it is told who does not answer', async () => {
  const silent = createTcpServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  await using asker = await Asker.make({}, 500);
  const { code, message } = await failure(asker.resolve(`127.0.0.1:${port}/a:1`));
  assert.is(code, 'REGISTRY_UNAVAILABLE');
  assert.match(message, 'cannot be reached: no answer in 0.5 s');
  silent.close();
});

test('given a registry that may not be asked, when an image of it is resolved, then it is not known, and nobody was asked', async () => {
  await using registry = await ScriptedRegistry.start((_, response) => response.end());
  await using asker = await Asker.make({ only: 'example.org' });
  assert.is(await asker.resolve(`${registry.host}/a:1`), undefined);
  assert.is(registry.seen.length, 0);
});

test('given a file where the blob goes, when a fetch fails, then the file counts for nothing', async () => {
  await using registry = await ScriptedRegistry.start((_, response) => response.writeHead(404).end());
  await using asker = await Asker.make();
  await writeFile(join(asker.directory, 'blob'), 'old');
  assert.is((await failure(asker.fetch(`${registry.host}/a:1`, content))).code, 'BLOB_NOT_FOUND');
  assert.is((await readFile(join(asker.directory, 'blob'))).length, 0);
});

test('given a registry that lists tags page by page, when they are asked for, then all are told, and none that is no tag', async () => {
  await using registry = await ScriptedRegistry.start(({ url = '' }, response) => {
    if (url === '/v2/a/b/tags/list?n=1000')
      response.writeHead(200, { link: '</v2/a/b/tags/list?n=1000&last=2>; rel="next"' }).end('{"name":"a/b","tags":["2","1","../x",7]}');
    else if (url.startsWith('/v2/a/b/tags/list')) response.writeHead(200).end('{"name":"a/b","tags":["latest","1"]}');
    else if (url.startsWith('/v2/none/')) response.writeHead(200).end('{"name":"none","tags":null}');
    else if (url.startsWith('/v2/broken/')) response.writeHead(200).end('nothing');
    else response.writeHead(404).end('{}');
  });
  await using asker = await Asker.make();
  const tags = (name: string) => asker.source.tags({ repository: `${registry.host}/${name}` }, asker.context());
  assert.equal(await tags('a/b'), { tags: ['2', '1', 'latest'] });
  assert.equal(await tags('none'), { tags: [] });
  assert.equal(await tags('nosuch'), {});
  assert.is(await codeOf(tags('broken')), 'DRIVER_FAILED');
});

test('given a registry whose list of tags never ends, or that is not to be asked, when they are asked for, then that fails, or nobody is asked', async () => {
  await using registry = await ScriptedRegistry.start((_, response) =>
    response.writeHead(200, { link: '</v2/a/tags/list>; rel="next"' }).end('{"tags":["1"]}'),
  );
  await using asker = await Asker.make();
  assert.is(await codeOf(asker.source.tags({ repository: `${registry.host}/a` }, asker.context())), 'DRIVER_FAILED');
  await using other = await Asker.make({ only: 'example.org' });
  const asked = registry.seen.length;
  assert.equal(await other.source.tags({ repository: `${registry.host}/a` }, other.context()), {});
  assert.is(registry.seen.length, asked);
});

test.run();
