import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Asker, codeOf, digestOf, MANIFEST, ScriptedRegistry } from './testing/scripted-registry.test.util.ts';

const test = suite('mirrors of the hub');
const content = Buffer.from('0123456789'.repeat(5000));
const digest = digestOf(content);
const IMAGE = 'docker.io/library/busybox:1';

/** One that has the image. */
function mirror(): Promise<ScriptedRegistry> {
  return ScriptedRegistry.start(({ method, url = '' }, response) => {
    if (url === '/v2/library/busybox/manifests/1')
      response
        .writeHead(200, { 'content-type': MANIFEST, 'docker-content-digest': digest, 'content-length': String(content.length) })
        .end();
    else if (url === `/v2/library/busybox/blobs/${digest}`) response.writeHead(200).end(content);
    else response.writeHead(404).end(method === 'HEAD' ? undefined : '{}');
  });
}

test('given mirrors of which one is gone, one is broken and one has the image, when it is pulled, then from that one, and nobody learns who asks', async () => {
  await using broken = await ScriptedRegistry.start((_, response) => response.writeHead(500).end());
  await using empty = await ScriptedRegistry.start((_, response) => response.writeHead(404).end());
  await using whole = await mirror();
  await using asker = await Asker.make({ mirrors: `http://127.0.0.1:1 http://${broken.host} http://${empty.host} http://${whole.host}` });
  const auth = { username: 'me', password: 'secret' };
  assert.equal(await asker.resolve(IMAGE, auth), { mediaType: MANIFEST, digest, size: content.length });
  assert.ok((await asker.fetch(IMAGE, content, auth)).equals(content));
  // What failed is left alone for a while.
  assert.is(broken.seen.length, 1);
  assert.ok(empty.seen.length > 1);
  assert.equal(
    [...broken.seen, ...empty.seen, ...whole.seen].filter(({ authorization }) => authorization !== undefined),
    [],
  );
});

test('given a mirror that breaks off in a blob, when it is fetched, then all of it comes from the next', async () => {
  await using half = await ScriptedRegistry.start((_, response) => {
    response.writeHead(200, { 'content-length': String(content.length) }).write(Buffer.alloc(1000, 'x'), () => response.destroy());
  });
  await using whole = await mirror();
  await using asker = await Asker.make({ mirrors: `http://${half.host} http://${whole.host}` });
  assert.ok((await asker.fetch(IMAGE, content)).equals(content));
});

test('given mirrors, when an image of another registry is pulled, or none of the hub may be, then they are not asked', async () => {
  await using whole = await mirror();
  await using other = await ScriptedRegistry.start((_, response) => response.writeHead(404).end());
  await using asker = await Asker.make({ mirrors: `http://${whole.host}` });
  assert.is(await asker.resolve(`${other.host}/library/busybox:1`), undefined);
  await using closed = await Asker.make({ mirrors: `http://${whole.host}`, only: 'example.org' });
  assert.is(await closed.resolve(IMAGE), undefined);
  assert.equal(whole.seen, []);
});

test('given a pull that is canceled while a mirror is asked, when it ends, then nobody else is asked', async () => {
  const canceled = new AbortController();
  await using first = await ScriptedRegistry.start(() => canceled.abort());
  await using second = await mirror();
  await using asker = await Asker.make({ mirrors: `http://${first.host} http://${second.host}` });
  assert.is.not(await codeOf(asker.source.resolve({ reference: IMAGE }, asker.context(canceled.signal))), 'none');
  assert.equal(second.seen, []);
});

test.run();
