// time limit: 300 s
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { logCrashSuite } from '@shiplog/conformance/log';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { reported, temporaryDirectory } from '@shiplog/test-support';
import plugin from './index.ts';
import { JsonFileLog } from './json-file.ts';
import { LocalLog } from './local.ts';

const kernel = createKernel();

for (const { manifest } of plugin.drivers) {
  const test = suite(`${manifest.name}, killed`);
  logCrashSuite({
    test: reported(test, `log/${manifest.name}`, 'log'),
    name: manifest.name,
    async factory() {
      const temporary = await temporaryDirectory();
      const [stateDir, runDir, directory] = ['state', 'run', 'logs'].map((name) => join(temporary.path, name)) as [string, string, string];
      for (const path of [stateDir, runDir, directory]) await mkdir(path);
      const { home, logger } = createTestServices({ kernel, stateDir, runDir });
      return {
        kernel,
        capabilities: manifest.capabilities,
        directory,
        stateDir,
        options: { 'max-size': '20k', 'max-file': '5', compress: 'true' },
        make: () => (manifest.name === 'local' ? new LocalLog(kernel, home, logger) : new JsonFileLog(kernel, home, logger)),
        cleanup: () => temporary.cleanup(),
      };
    },
  });
  test.run();
}
