import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { OciRuntimeDriver } from './driver.ts';

interface Context {
  home: string;
  bundle: string;
  driver: OciRuntimeDriver;
}

/** Nobody else's: monitors are looked for by it on all of this host. */
const ID = randomBytes(32).toString('hex');
/** Writes into the bundle for as long as it lives, with a monitor's command line. */
const MONITOR = ['-c', 'while :; do : > late; done', 'conmon', '--cuuid', ID];

const test = suite<Context>('runtime-oci: a monitor that an engine began just before it was killed', {
  home: '',
  bundle: '',
  driver: undefined as never,
});
const kernel = createKernel();
let late: ChildProcess | undefined;

test.before.each(async (context) => {
  context.home = await mkdtemp(join(tmpdir(), 'shiplog-late-'));
  const services = createTestServices({ kernel, stateDir: context.home, runDir: join(context.home, 'run') });
  context.driver = new OciRuntimeDriver(services.kernel, services.home, services.logger);
  context.bundle = join(context.home, 'run/c', ID);
  await mkdir(context.bundle, { recursive: true });
  await writeFile(join(context.bundle, 'begins'), '');
});

test.after.each(async ({ home }) => {
  late?.kill('SIGKILL');
  late = undefined;
  await rm(home, { recursive: true, force: true });
});

test('given one whose process is being made, when the container is removed, then it is waited for, and ended', async ({
  bundle,
  driver,
}) => {
  const lock = await kernel.processes.lock(join(bundle, 'begins'));
  const removed = driver.remove({ id: ID });
  await sleep(50);
  late = spawn('/bin/sh', MONITOR, { cwd: bundle, stdio: 'ignore' });
  const ended = once(late, 'exit');
  await once(late, 'spawn');
  await lock?.release();
  await removed;
  await ended;
  assert.not.ok(existsSync(bundle));
});

test('given a process that stands in the bundle and runs no monitor yet, when the container is removed, then it is waited for, and ended', async ({
  bundle,
  driver,
}) => {
  const script = `sleep 0.2; exec /bin/sh ${MONITOR.map((word) => `'${word}'`).join(' ')}`;
  late = spawn('/bin/sh', ['-c', script], { cwd: bundle, stdio: 'ignore' });
  const ended = once(late, 'exit');
  await once(late, 'spawn');
  await driver.remove({ id: ID });
  await ended;
  assert.not.ok(existsSync(bundle));
});

test('given somebody who merely stands in the bundle, when the container is removed, then it goes all the same, and nobody is killed', async ({
  bundle,
  driver,
}) => {
  late = spawn('/bin/sleep', ['1000'], { cwd: bundle, stdio: 'ignore' });
  await once(late, 'spawn');
  await driver.remove({ id: ID });
  assert.not.ok(existsSync(bundle));
  assert.is(late.exitCode ?? late.signalCode, null);
});

test.run();
