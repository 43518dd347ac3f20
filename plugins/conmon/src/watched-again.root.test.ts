import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRecordingKernel, createTestServices } from '@shiplog/driver-kit/testing';
import { temporaryDirectory } from '@shiplog/test-support';
import { ConmonRuntimeDriver } from './driver.ts';
import { Layout } from './layout.ts';
import { keepProcess } from './process-ref.ts';
import type { Runtime } from './runtime.ts';

const test = suite('conmon: a container that is made again');

// A watch keeps no process alive.
const alive = setInterval(() => undefined, 1000);
test.after(() => clearInterval(alive));

/** Starts what is asked, and makes nothing. */
const RUNTIME: Runtime = {
  name: 'none',
  path: '',
  flags: [],
  prepare: async (_, spec) => spec,
  processFile: async () => '',
  made: async (_, watched) => watched,
  start: async () => undefined,
  forget: async () => undefined,
};

test('given OOM notices that are asked for while a container is removed, when one of its id leaves one later, then it is told', async () => {
  await using directory = await temporaryDirectory();
  const kernel = createRecordingKernel();
  const { home, logger } = createTestServices({ kernel, stateDir: directory.path, runDir: join(directory.path, 'run') });
  const driver = new ConmonRuntimeDriver(kernel, home, logger, async () => RUNTIME);
  const layout = new Layout(home.runDir);
  const make = async (id: string): Promise<void> => {
    await mkdir(layout.bundle(id), { recursive: true });
    keepProcess(layout.bundle(id), { pid: 7, startTicks: 7, bootId: kernel.processes.bootId() });
  };
  const leave = (id: string): Promise<void> => writeFile(join(layout.bundle(id), 'oom'), '');
  for (const id of ['again', 'other']) await make(id);
  const [ending, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<boolean>()];
  kernel.processes.kill = () => {
    ending.resolve();
    return ended.promise;
  };

  const removed = driver.remove({ id: 'again' });
  await ending.promise;
  const stop = new AbortController();
  const told = driver.oomKills(stop.signal);
  const first = told.next();
  await leave('other');
  // All that is there is watched when this one is told.
  assert.equal((await first).value, { id: 'other' });
  ended.resolve(false);
  await removed;

  await make('again');
  await driver.start({ id: 'again' });
  const second = told.next();
  await leave('again');
  await leave('other');
  assert.equal((await second).value, { id: 'again' });
  stop.abort();
  await told.return(undefined);
});

test.run();
