import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext } from '@shiplog/contracts';
import { diffIdOf, makeTar } from '@shiplog/conformance/storage';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { temporaryDirectory } from '@shiplog/test-support';
import { OverlayDriver } from './overlay-driver.ts';
import { probeOverlay } from './probe.ts';

const kernel = createKernel();
const ctx = createContext({ op: 'op', signal: new AbortController().signal });
const test = suite('storage-overlay: on the real kernel');

test('given 127 layers, as many as Docker allows, and a deep root, when the topmost is mounted, then all show', async () => {
  await using home = await temporaryDirectory('shiplog-chain-');
  const stateDir = join(home.path, 'a-directory-that-is-named-at-length', 'drivers', 'overlay');
  await mkdir(stateDir, { recursive: true });
  const { logger, home: driverHome } = createTestServices({ kernel, stateDir, runDir: home.path });
  const driver = new OverlayDriver(kernel, driverHome, logger);
  const source = join(home.path, 'layer.tar');
  for (let index = 0; index < 127; index += 1) {
    const tar = makeTar([{ path: `f${index}`, content: String(index) }]);
    await writeFile(source, tar);
    await driver.applyLayer({ key: `k${index}`, diffId: diffIdOf(tar), source, ...(index === 0 ? {} : { parent: `k${index - 1}` }) }, ctx);
  }
  await driver.prepare({ key: 'c', parent: 'k126' }, ctx);
  const target = join(home.path, 'mnt');
  try {
    await driver.mount({ key: 'c', target }, ctx);
    for (const index of [0, 63, 126]) assert.is(await readFile(join(target, `f${index}`), 'utf8'), String(index));
  } finally {
    await driver.unmount({ key: 'c', target }, ctx);
  }
});
test('given an unfinished layer still mounted, when the next driver is used, then mount and remains are gone', async () => {
  await using home = await temporaryDirectory('shiplog-crash-');
  const stateDir = join(home.path, 'state');
  const merged = join(stateDir, 'tmp-crashed/merged');
  for (const name of ['lower', 'diff', 'work', 'merged']) await mkdir(join(stateDir, 'tmp-crashed', name), { recursive: true });
  const [lower, diff, work] = ['lower', 'diff', 'work'].map((name) => join(stateDir, 'tmp-crashed', name));
  await kernel.mounts.mount({
    type: 'overlay',
    source: 'overlay',
    target: merged,
    options: [`lowerdir=${lower}`, `upperdir=${diff}`, `workdir=${work}`, 'volatile'],
  });
  try {
    const { logger, home: driverHome } = createTestServices({ kernel, stateDir, runDir: home.path });
    const driver = new OverlayDriver(kernel, driverHome, logger);
    await driver.remove({ key: 'nothing' }, ctx);
    assert.not((await kernel.mounts.list()).some((mount) => mount.target === merged));
    assert.equal(await driver.observe(), []);
  } finally {
    await kernel.mounts.unmount(merged, { lazy: true });
  }
});
test('given a state directory on an overlay, when it is probed, then the reason names that', async () => {
  await using home = await temporaryDirectory('shiplog-probe-');
  for (const name of ['lower', 'upper', 'work', 'merged']) await mkdir(join(home.path, name));
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(home.path, name)) as [
    string,
    string,
    string,
    string,
  ];
  const usable = await probeOverlay(createTestServices({ kernel, stateDir: lower, runDir: lower }));
  assert.equal(usable, { usable: true });
  await kernel.mounts.mount({
    type: 'overlay',
    source: 'overlay',
    target: merged,
    options: [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`],
  });
  try {
    const probe = await probeOverlay(createTestServices({ kernel, stateDir: merged, runDir: merged }));
    assert.ok(!probe.usable && probe.reason.includes('lies on overlay'));
  } finally {
    await kernel.mounts.unmount(merged);
  }
  await rm(work, { recursive: true, force: true });
});

test.run();
