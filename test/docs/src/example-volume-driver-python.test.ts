import { rejects } from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verbSuite } from '@shiplog/conformance/verbs';
import { createContext, ShiplogError, type StepJournal, type VolumeDriver } from '@shiplog/contracts';
import { type Guest, remoteDriver, startGuest } from '@shiplog/driver-kit/isolation';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { reported } from '@shiplog/test-support';
import { TOP } from './repository.ts';

const DIRECTORY = join(TOP, 'examples/volume-driver-python');
const test = suite('example: volume driver in Python');

interface Fixture {
  readonly driver: VolumeDriver;
  readonly guest: Guest;
  readonly lines: string[];
  readonly args: { readonly [verb: string]: object };
  readonly path: string;
  cleanup(): Promise<void>;
}

async function start(): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'python-driver-'));
  const [stateDir, runDir] = [join(directory, 'state'), join(directory, 'run')];
  for (const path of [stateDir, runDir]) await mkdir(path);
  const { home, log } = createTestServices({ stateDir, runDir });
  const lines: string[] = [];
  const guest = await startGuest(
    { isolation: 'process', command: ['python3', 'driver.py'], directory: DIRECTORY },
    { note: ({ message }) => lines.push(message), printed: (line) => lines.push(line), log, patienceMs: 500, socketDirectory: directory },
  );
  guest.connection.welcome({ 'volume/directories': { home, options: {} } });
  const path = join(directory, 'volumes/data/_data');
  const volume = { name: 'data', path, driver: 'directories', options: {} };
  return {
    guest,
    lines,
    path,
    driver: remoteDriver('volume', (verb, args, ctx) => guest.connection.call('volume/directories', verb, args, ctx)),
    args: { create: volume, publish: { ...volume, consumer: 'c1' }, unpublish: { ...volume, consumer: 'c1' }, remove: volume },
    async cleanup() {
      guest.kill();
      await guest.exited;
      await rm(directory, { recursive: true });
    },
  };
}

verbSuite({ test: reported(test, 'volume/directories, in Python', 'verbs'), kind: 'volume', name: 'directories', factory: start });

const withDriver = (work: (fixture: Fixture) => Promise<void>) => async (): Promise<void> => {
  const fixture = await start();
  try {
    await work(fixture);
  } finally {
    await fixture.cleanup();
  }
};

const volumeAt = (path: string) => ({ name: 'data', path, driver: 'directories', options: {} });

test(
  'given a volume, when it is made and removed, then its directory comes and goes, and its step was recorded',
  withDriver(async ({ driver, path, lines }) => {
    const steps: string[] = [];
    const journal: StepJournal = { find: async () => undefined, record: async (step) => void steps.push(step) };
    await driver.create(volumeAt(path), createContext({ op: 'op1', signal: AbortSignal.timeout(60_000), journal }));
    assert.ok((await stat(path)).isDirectory());
    assert.equal([steps, lines], [['directory'], ['volume made']]);
    await driver.remove(volumeAt(path), createContext({ op: 'op2', signal: AbortSignal.timeout(60_000) }));
    await rejects(stat(path));
  }),
);

test(
  'given a step that is recorded, when the call is made again, then it is not done again',
  withDriver(async ({ driver, path }) => {
    const journal: StepJournal = { find: async () => ({}), record: () => Promise.reject(new Error('recorded twice')) };
    await driver.create(volumeAt(path), createContext({ op: 'op1', signal: AbortSignal.timeout(60_000), journal }));
    await rejects(stat(path));
  }),
);

test(
  'given a verb that fails or is unknown, when it is called, then the error has a code, and the driver goes on',
  withDriver(async ({ driver, guest, path }) => {
    const ctx = createContext({ op: 'op1', signal: AbortSignal.timeout(60_000) });
    const failed = (error: unknown): boolean => error instanceof ShiplogError && error.code === 'DRIVER_FAILED';
    await rejects(driver.create(volumeAt('/proc/nowhere/data'), ctx), failed);
    await rejects(guest.connection.call('volume/directories', 'fly', {}, ctx), failed);
    assert.equal(await driver.create(volumeAt(path), ctx), {});
    assert.ok(await guest.connection.isAlive(2000));
  }),
);

test('given the example, when its lines are counted, then there are at most 100', async () => {
  const text = await readFile(join(DIRECTORY, 'driver.py'), 'utf8');
  assert.ok(text.trim().split('\n').length <= 100);
});

test.run();
