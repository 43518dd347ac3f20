// time limit: 600 s
import { suite } from 'uvu';
import { runtimeCrashSuite, runtimeFixture } from '@shiplog/conformance/runtime';
import type { PluginDefinition } from '@shiplog/driver-kit';
import { createKernel } from '@shiplog/kernel-linux';
import { checksCanFail } from '@shiplog/test-support';
import { WRONG } from './wrong-crash.test.util.ts';

const test = suite('runtime-sim: drivers that die wrongly');
const kernel = createKernel();
/** The mistakes show at the last effect of a call, and after its answer. */
const EVERY = 100;

checksCanFail<string>({
  test,
  of: 'runtime',
  wrong: Object.fromEntries(Object.entries(WRONG).map(([check, { does }]) => [check, { does, make: check }])),
  kit: (check, caught) =>
    runtimeCrashSuite({
      test: check,
      abilities: { terminal: true, exec: true, programs: false },
      every: EVERY,
      async factory() {
        const module = new URL(`./wrong-crash.test.util.js?check=${encodeURIComponent(caught)}`, import.meta.url).href;
        const { default: plugin }: { readonly default: PluginDefinition } = await import(module);
        return runtimeFixture({ plugin, module, name: 'sim', kernel });
      },
    }),
});

test.run();
