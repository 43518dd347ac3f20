import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { sha256Of } from '@shiplog/oci';
import { chunked, tar } from './testing/archives.test.util.ts';
import { assertEmpty, assertStored, codeOf, context, storeSuite } from './testing/store.test.util.ts';

const test = storeSuite('images from root file systems');

test('given a root file system and changes, when it is imported, then the image runs as they say, and the same again has the same id', async ({
  store,
}) => {
  const rootfs = await tar(['bin/sh', 'x']);
  const options = {
    message: 'from a test',
    at: '1700000000123456789',
    architecture: 'amd64',
    changes: ['CMD ["/bin/sh", "-c"]', 'ENV A=1 B="two words"', 'WORKDIR /srv', 'EXPOSE 80 53/udp', 'ONBUILD RUN true'],
  };
  const imported = await store.import('op1', chunked(rootfs), options, context());
  assert.equal(imported.tags, []);
  assert.is(imported.manifest.created, '2023-11-14T22:13:20.123456789Z');
  assert.equal(imported.manifest.config, {
    Cmd: ['/bin/sh', '-c'],
    Env: ['A=1', 'B=two words'],
    WorkingDir: '/srv',
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
    OnBuild: ['RUN true'],
  });
  assert.is(imported.manifest.layers[0]?.diffId, sha256Of(rootfs));
  await assertStored(store, [imported]);
  const again = await store.import('op2', chunked(gzipSync(rootfs)), options, context());
  assert.is(again.manifest.id, imported.manifest.id);
});

test('given a bad tar or bad changes, when it is imported, then it is refused and nothing stays', async ({ store, stateDir }) => {
  const options = { message: '', at: '0', architecture: 'amd64', changes: [] };
  const good = await tar(['a', 'x'.repeat(2000)]);
  for (let cut = 0; cut < good.length - 1024; cut += 512) {
    assert.is(await codeOf(store.import('op1', chunked(good.subarray(0, cut)), options, context())), 'ARCHIVE_INVALID', `cut at ${cut}`);
  }
  assert.is(await codeOf(store.import('op1', chunked(await tar(['../a', 'x'])), options, context())), 'ARCHIVE_ESCAPES');
  assert.is(await codeOf(store.import('op1', chunked(good), { ...options, changes: ['RUN true'] }, context())), 'REQUEST_INVALID');
  await assertEmpty(stateDir, store);
});

test.run();
