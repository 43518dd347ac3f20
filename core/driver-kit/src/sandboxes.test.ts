import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '@shiplog/test-support';
import { errnoOf } from './errno.ts';
import { namesIn } from './safe-remove.ts';
import { Sandboxes } from './sandboxes.ts';
import { createRecordingKernel } from './testing/index.ts';
import { refused } from './testing/recording/recorder.ts';

const test = suite('driver-kit: sandboxes');

/** Longer than a record takes, which is a few calls like these. */
async function aWhile(): Promise<void> {
  for (let calls = 0; calls < 20; calls += 1) await stat('/');
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(() => 'none', errnoOf);
}

test('given a namespace that cannot be made, when a sandbox is opened, then no record of it is left', async () => {
  await using directory = await temporaryDirectory();
  const kernel = createRecordingKernel();
  kernel.namespaces.createNetwork = () => Promise.reject(refused('createNetwork', 'EPERM', {}));
  assert.is(await codeOf(new Sandboxes(kernel, directory.path).open({ id: 'a', path: '/netns', sysctls: {} })), 'EPERM');
  await aWhile();
  assert.equal(await namesIn(join(directory.path, 'sandboxes')), []);
});

test('given a record that cannot be written, when a sandbox is opened, then its namespace is not left', async () => {
  await using directory = await temporaryDirectory();
  const kernel = createRecordingKernel();
  const { createNetwork } = kernel.namespaces;
  kernel.namespaces.createNetwork = async (made) => {
    await aWhile();
    await createNetwork(made);
  };
  await writeFile(join(directory.path, 'sandboxes'), '');
  assert.is(await codeOf(new Sandboxes(kernel, directory.path).open({ id: 'a', path: '/netns', sysctls: {} })), 'ENOTDIR');
  await aWhile();
  assert.not.ok(await kernel.namespaces.isNamespace('/netns'));
});

test.run();
