import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kernel, LogDriver } from '@shiplog/contracts';
import { createTestServices, type TestServices } from '@shiplog/driver-kit/testing';
import type { LogFixture } from './lab.ts';

type Ending = LogDriver & AsyncDisposable;

/**
 * A fixture, on private directories, of a log driver that ends when it is disposed: what is the same whatever the driver does. The rest says what it
 * can, and where its output comes.
 */
export async function driverFixture(
  create: (services: TestServices) => Ending,
  kernel: Kernel,
): Promise<Pick<LogFixture, 'driver' | 'directory' | 'restart' | 'cleanup'>> {
  const home = await mkdtemp(join(tmpdir(), 'shiplog-log-'));
  const [stateDir, runDir, directory] = [join(home, 'state'), join(home, 'run'), join(home, 'logs')];
  for (const path of [stateDir, runDir, directory]) await mkdir(path);
  const services = createTestServices({ kernel, stateDir, runDir });
  const made: Ending[] = [];
  const make = (): Ending => {
    const driver = create(services);
    made.push(driver);
    return driver;
  };
  return {
    driver: make(),
    directory,
    async restart() {
      await made.at(-1)?.[Symbol.asyncDispose]();
      return make();
    },
    async cleanup() {
      for (const driver of made) await driver[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}
