import { link, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { ImageCommit, IngestedImage, PathChange } from '@shiplog/contracts';
import { type LayerEntry, parseImageConfig, readLayer, sha256Of } from '@shiplog/oci';
import { chunked, dockerParts, made, tar } from './testing/archives.test.util.ts';
import { assertEmpty, codeOf, context, storeSuite } from './testing/store.test.util.ts';

const test = storeSuite('committed images');
type Store = Parameters<Parameters<typeof test>[1]>[0]['store'];

const changed = (kind: PathChange['kind'], ...paths: readonly string[]): readonly PathChange[] => paths.map((path) => ({ path, kind }));

async function based(store: Store): Promise<IngestedImage> {
  const [image] = await store.load('op1', chunked(await tar(...(await dockerParts(await made())))), context());
  return image!;
}

function commitOf(base: IngestedImage, tree: string, more: Partial<ImageCommit> = {}): ImageCommit {
  const said = { author: 'Ann', message: 'why', at: '1767225600000000001' };
  return { base: base.manifest, tree, changes: [], config: { Cmd: ['sh', '-c', 'x'], Env: ['A=1'] }, instructions: [], ...said, ...more };
}

/** Runs with a directory to be a container's root, and one beside it. */
async function withTree(run: (tree: string, outside: string) => Promise<void>): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'shiplog-tree-'));
  try {
    for (const name of ['tree', 'outside']) await mkdir(join(scratch, name));
    await run(join(scratch, 'tree'), join(scratch, 'outside'));
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** Entries of the uppermost layer, with the contents of files. */
async function topLayer(store: Store, { manifest }: IngestedImage): Promise<readonly (readonly [LayerEntry, string])[]> {
  const bytes = await readFile(await store.path(manifest.layers.at(-1)!.digest));
  const entries: [LayerEntry, string][] = [];
  for await (const entry of readLayer(chunked(bytes), { end: 'marker' })) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry.content ?? []) chunks.push(chunk);
    entries.push([entry, Buffer.concat(chunks).toString()]);
  }
  return entries;
}

test('given what a container changed, when it is committed, then one layer more has it, and the config says who, why and what', async ({
  store,
}) => {
  const base = await based(store);
  await withTree(async (tree) => {
    await mkdir(join(tree, 'a/b'), { recursive: true });
    await writeFile(join(tree, 'a/b/file'), 'content');
    await link(join(tree, 'a/b/file'), join(tree, 'a/name'));
    await symlink('/nowhere', join(tree, 'link'));
    const changes = [...changed('added', '/a', '/a/b', '/a/b/file', '/a/name', '/link'), ...changed('deleted', '/etc/a')];
    const image = await store.commit('op2', commitOf(base, tree, { changes }), context());
    assert.equal(
      (await topLayer(store, image)).map(([{ path, kind, linkTarget }, text]) => [path, kind, linkTarget ?? text]),
      [
        ['a', 'directory', ''],
        ['a/b', 'directory', ''],
        ['a/b/file', 'file', 'content'],
        ['a/name', 'hardlink', 'a/b/file'],
        ['link', 'symlink', '/nowhere'],
        ['etc/a', 'whiteout', ''],
      ],
    );
    const { layers, size, config } = image.manifest;
    assert.equal(layers.slice(0, 2), base.manifest.layers);
    assert.is(size, base.manifest.size + layers[2]!.size);
    assert.equal(config, { Cmd: ['sh', '-c', 'x'], Env: ['A=1'] });
    const blob = await readFile(await store.path(image.manifest.id));
    assert.is(sha256Of(blob), image.manifest.id);
    const { author, comment, created, history } = parseImageConfig(blob);
    assert.equal([author, comment, created], ['Ann', 'why', '2026-01-01T00:00:00.000000001Z']);
    assert.equal(history, [{}, {}, { created, created_by: 'sh -c x', author: 'Ann', comment: 'why' }]);
    const { config: told, history: lines } = await store.text(image.manifest.id);
    assert.equal([told, lines], [config, history]);
  });
});

test('given nothing that changed, when it is committed, then there is no layer more, and the history says so', async ({ store }) => {
  const base = await based(store);
  await withTree(async (tree) => {
    const instructions = ['ENTRYPOINT ["env"]', 'ENV B=$A'];
    const { manifest } = await store.commit('op2', commitOf(base, tree, { instructions }), context());
    assert.equal(manifest.layers, base.manifest.layers);
    assert.is(manifest.history.at(-1)?.empty_layer, true);
    assert.equal(manifest.config, { Env: ['A=1', 'B=1'], Entrypoint: ['env'] }, 'an entrypoint drops the arguments');
  });
});

test('given a directory that became a link out of the tree, when what was in it is read, then nothing from outside is', async ({
  store,
}) => {
  const base = await based(store);
  await withTree(async (tree, outside) => {
    await mkdir(join(tree, 'd/deep'), { recursive: true });
    await mkdir(join(outside, 'deep'));
    for (const path of ['deep/secret', 'secret']) await writeFile(join(outside, path), 'of the host');
    await rename(join(tree, 'd'), join(tree, 'moved'));
    await symlink(outside, join(tree, 'd'));
    const changes = changed('added', '/d/deep', '/d/deep/secret', '/d/secret', '/d', '/gone', '/gone/file');
    const image = await store.commit('op2', commitOf(base, tree, { changes }), context());
    assert.equal(
      (await topLayer(store, image)).map(([{ path, kind }, text]) => [path, kind, text]),
      [['d', 'symlink', '']],
    );
  });
});

test('given what no layer can hold, or instructions that cannot be read, when it is committed, then it fails and nothing new stays', async ({
  store,
  stateDir,
}) => {
  const base = await based(store);
  const before = await store.observe();
  await withTree(async (tree) => {
    await writeFile(join(tree, '.wh.etc'), '');
    const fails = async (more: Partial<ImageCommit>, code: string): Promise<void> => {
      assert.is(await codeOf(store.commit('op2', commitOf(base, tree, more), context())), code);
      assert.equal(await store.observe(), before);
    };
    await fails({ changes: changed('added', '/.wh.etc') }, 'ARCHIVE_INVALID');
    await fails({ instructions: ['RUN true'] }, 'REQUEST_INVALID');
    const aborted = AbortSignal.abort();
    assert.is(await codeOf(store.commit('op2', commitOf(base, tree, { changes: changed('added', '/x') }), context(aborted))), 'CANCELED');
  });
  await store.remove([base.manifest.id, ...base.manifest.layers.map(({ digest }) => digest)]);
  await assertEmpty(stateDir, store);
  assert.is(await codeOf(store.text(base.manifest.id)), 'BLOB_NOT_FOUND');
});

test.run();
