import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { logSuite } from '@shiplog/conformance/log';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { temporaryDirectory } from '@shiplog/test-support';
import type { FileLog } from './file-log.ts';
import plugin from './index.ts';
import { JsonFileLog } from './json-file.ts';
import { LocalLog } from './local.ts';

const kernel = createKernel();

for (const { manifest } of plugin.drivers) {
  const test = suite(manifest.name);
  logSuite({
    test,
    async factory() {
      const temporary = await temporaryDirectory();
      const [stateDir, runDir, directory] = ['state', 'run', 'logs'].map((name) => join(temporary.path, name)) as [string, string, string];
      for (const path of [stateDir, runDir, directory]) await mkdir(path);
      const { home, logger } = createTestServices({ kernel, stateDir, runDir });
      const made: FileLog[] = [];
      const make = (): FileLog => {
        const driver = manifest.name === 'local' ? new LocalLog(kernel, home, logger) : new JsonFileLog(kernel, home, logger);
        made.push(driver);
        return driver;
      };
      return {
        driver: make(),
        capabilities: manifest.capabilities,
        directory,
        rotation: { 'max-size': '20k', 'max-file': '5', compress: 'true' },
        async restart() {
          await made.at(-1)?.[Symbol.asyncDispose]();
          return make();
        },
        async cleanup() {
          for (const driver of made) await driver[Symbol.asyncDispose]();
          await temporary[Symbol.asyncDispose]();
        },
      };
    },
  });
  test.run();
}
