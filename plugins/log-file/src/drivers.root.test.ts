import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { logSuite } from '@shiplog/conformance/log';
import { provePlugin } from '@shiplog/conformance/prove';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { reported, temporaryDirectory } from '@shiplog/test-support';
import type { FileLog } from './file-log.ts';
import plugin from './index.ts';
import { JsonFileLog } from './json-file.ts';
import { LocalLog } from './local.ts';

const kernel = createKernel();

for (const { manifest } of plugin.drivers) {
  const test = suite(manifest.name);
  logSuite({
    test: reported(test, `log/${manifest.name}`, 'log'),
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

const proof = suite('log files as a plugin');
/** These need what a proof of a plugin makes itself: drivers that end, and others that go on. */
const KIT = ['given a driver that ends in the middle', 'given a follower, when lines come', 'given an open one, when it is removed'];
const proven = KIT.map(() => 0);
await provePlugin({
  plugin,
  kernel,
  test(name, body) {
    const index = KIT.findIndex((start) => name.startsWith(start));
    if (index < 0) return;
    proven[index] = (proven[index] ?? 0) + 1;
    proof(name, body);
  },
});
proof('given the plugin, when it is proven, then both drivers are by the kit of logs', () => assert.equal(proven, [2, 2, 2]));
proof.run();
