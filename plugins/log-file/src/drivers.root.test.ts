import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { driverFixture, logSuite } from '@shiplog/conformance/log';
import { provePlugin } from '@shiplog/conformance/prove';
import { createKernel } from '@shiplog/kernel-linux';
import { reported } from '@shiplog/test-support';
import plugin from './index.ts';
import { JsonFileLog } from './json-file.ts';
import { LocalLog } from './local.ts';

const kernel = createKernel();

for (const { manifest } of plugin.drivers) {
  const test = suite(manifest.name);
  logSuite({
    test: reported(test, `log/${manifest.name}`, 'log'),
    factory: async () => ({
      ...(await driverFixture(
        ({ home, logger }) => (manifest.name === 'local' ? new LocalLog(kernel, home, logger) : new JsonFileLog(kernel, home, logger)),
        kernel,
      )),
      capabilities: manifest.capabilities,
      rotation: { 'max-size': '20k', 'max-file': '5', compress: 'true' },
    }),
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
