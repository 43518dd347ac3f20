import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { pluginSuite } from '@shiplog/conformance/plugin';
import type { PluginDefinition } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { report, reported, temporaryDirectory, type TestFunction } from '@shiplog/test-support';

const DAEMON = new URL('../../../plugins/daemon/dist/default-plugins.js', import.meta.url).href;
const { DEFAULT_PLUGINS, MODULES }: { readonly DEFAULT_PLUGINS: readonly string[]; readonly MODULES: { resolve(name: string): string } } =
  await import(DAEMON);

const kernel = createKernel();
const home = await temporaryDirectory('shiplog-shelf-');
let homes = 0;

/** Services of a driver with empty directories of its own. */
async function services() {
  homes += 1;
  const [stateDir, runDir] = ['state', 'run'].map((name) => join(home.path, String(homes), name)) as [string, string];
  for (const path of [stateDir, runDir]) await mkdir(path, { recursive: true });
  return createTestServices({ kernel, stateDir, runDir });
}

const test = suite('the shelf: plugins');
for (const name of DEFAULT_PLUGINS) {
  const module = MODULES.resolve(name);
  const { default: plugin }: { readonly default: PluginDefinition } = await import(module);
  const all = plugin.drivers.map(({ manifest: { kind, name: driver } }) => `${kind}/${driver}`);
  pluginSuite({
    test(check, body) {
      const [, kind, driver] = /^given the (\S+) driver ([^,\s]+),/.exec(check) ?? [];
      // What is asked of the plugin counts for each of its drivers.
      const drivers = kind === undefined ? all : [`${kind}/${driver}`];
      const tell = drivers.reduce<TestFunction>((next, one) => reported(next, one, 'plugin'), test);
      tell(`${name}: ${check}`, body);
    },
    plugin,
    module,
    services,
  });
  for (const { manifest } of plugin.drivers) {
    const driver = `${manifest.kind}/${manifest.name}`;
    const { spool, direct } = manifest.capabilities;
    if (manifest.kind === 'log' && direct === true)
      report({ driver, suite: 'log', skipped: 'the monitor writes it: nothing is taken over' });
    else if (manifest.kind === 'log' && spool !== true) report({ driver, suite: 'log', skipped: 'it keeps nothing' });
  }
}
test.after(() => home.cleanup());
test.run();
