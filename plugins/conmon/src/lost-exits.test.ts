import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRecordingKernel, createTestServices } from '@shiplog/driver-kit/testing';
import { temporaryDirectory } from '@shiplog/test-support';
import { ConmonRuntimeDriver } from './driver.ts';
import { Layout } from './layout.ts';
import { keepProcess } from './process-ref.ts';

const test = suite('conmon: exits that nobody saw');

/** Nobody else's: monitors are looked for by it on all of this host. */
const ID = randomBytes(32).toString('hex');

/** A container as it is left by a process, and a monitor, that are no more. */
async function abandoned(directory: string) {
  const kernel = createRecordingKernel();
  const services = createTestServices({ kernel, stateDir: directory, runDir: join(directory, 'run') });
  const driver = new ConmonRuntimeDriver(kernel, services.home, services.logger, () => Promise.reject(new Error('no runtime is needed')));
  const layout = new Layout(services.home.runDir);
  const bootId = kernel.processes.bootId();
  const make = async (pid: number): Promise<void> => {
    await mkdir(layout.bundle(ID), { recursive: true });
    keepProcess(layout.bundle(ID), { pid, startTicks: pid, bootId });
  };
  await mkdir(layout.exits, { recursive: true });
  await make(7);
  return { kernel, driver, layout, make };
}

test('given many who look at once, when nobody saw how a process ended, then all are told the same, and it is on record', async () => {
  await using directory = await temporaryDirectory();
  const { driver, layout } = await abandoned(directory.path);
  const states = await Promise.all(Array.from({ length: 32 }, () => driver.state({ id: ID })));
  assert.equal(new Set(states.map(({ status, exitCode }) => `${status} ${exitCode}`)), new Set(['exited 255']));
  assert.equal(await readdir(layout.exits), [ID]);
});

test('given a monitor that takes its time, when a process has ended, then its exit is what the monitor says in the end', async () => {
  await using directory = await temporaryDirectory();
  const { driver, layout } = await abandoned(directory.path);
  const late = `sleep 3; echo -n 3 > '${layout.exit(ID)}.tmp'; mv '${layout.exit(ID)}.tmp' '${layout.exit(ID)}'; :`;
  const monitor = spawn('/bin/sh', ['-c', late, 'conmon', '--cuuid', ID], { stdio: 'ignore' });
  const ended = once(monitor, 'exit');
  await writeFile(join(layout.bundle(ID), 'monitor-pid'), String(monitor.pid));
  assert.is((await driver.state({ id: ID })).exitCode, 3);
  await ended;
});

test('given a look at a process that has ended, when its container is removed meanwhile, then no exit is recorded of it', async () => {
  await using directory = await temporaryDirectory();
  const { kernel, driver, layout } = await abandoned(directory.path);
  const looked = Promise.withResolvers<undefined>();
  kernel.processes.startTicks = () => looked.promise;
  const state = driver.state({ id: ID });
  await driver.remove({ id: ID });
  looked.resolve(undefined);
  assert.is((await state).status, 'absent');
  assert.not.ok(existsSync(layout.exit(ID)));
});

test('given a look at a process that has ended, when its container is made again meanwhile, then the new one has not ended', async () => {
  await using directory = await temporaryDirectory();
  const { kernel, driver, layout, make } = await abandoned(directory.path);
  const looked = Promise.withResolvers<undefined>();
  kernel.processes.startTicks = (pid) => (pid === 7 ? looked.promise : Promise.resolve(pid));
  const state = driver.state({ id: ID });
  await driver.remove({ id: ID });
  await make(8);
  looked.resolve(undefined);
  assert.is((await state).status, 'created');
  assert.not.ok(existsSync(layout.exit(ID)));
});

test.run();
