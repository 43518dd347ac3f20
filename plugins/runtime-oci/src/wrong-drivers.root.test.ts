// time limit: 600 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext } from '@shiplog/contracts';
import { type RuntimeFixture, runtimeSuite } from '@shiplog/conformance/runtime';
import { type Wrong, WRONG_DRIVERS } from '@shiplog/conformance/runtime/wrong';
import { report } from '@shiplog/test-support';
import { fixture } from './testing/fixture.ts';

const uncleaned: unknown[] = [];

const test = suite('runtime-oci: the kit finds wrong drivers out');

async function wrongFixture(wrong: Wrong): Promise<RuntimeFixture> {
  const right = await fixture('crun');
  return {
    ...right,
    driver: wrong.of(right.driver),
    restart: async () => wrong.of(await right.restart()),
    async cleanup() {
      try {
        // What the wrong driver has left.
        const driver = await right.restart();
        const ctx = createContext({ op: 'cleanup', signal: new AbortController().signal });
        for (const { id } of await driver.observe()) await driver.remove({ id }, ctx);
        await right.remains([]);
        await right.cleanup();
      } catch (error) {
        // A check that fails because of this has not failed because of the driver.
        uncleaned.push(error);
      }
    },
  };
}

/** The checks of the kit, on a wrong driver. */
function checksOn(wrong: Wrong): ReadonlyMap<string, () => Promise<void>> {
  const checks = new Map<string, () => Promise<void>>();
  runtimeSuite({ test: (name, body) => checks.set(name, body), factory: () => wrongFixture(wrong) });
  // Drivers that die wrongly are beside runtime-sim, whose processes cost nothing.
  for (const name of checks.keys()) if (name.startsWith('crash of ')) checks.delete(name);
  return checks;
}

const found = new Set<string>();
for (const wrong of WRONG_DRIVERS) {
  test(`given ${wrong.name}, when the checks run that it fails, then each of them fails`, async () => {
    let ran = 0;
    for (const [name, check] of checksOn(wrong)) {
      if (!wrong.failed.test(name)) continue;
      ran += 1;
      const passed = await check().then(
        () => true,
        () => false,
      );
      report({ kit: 'runtime', check: name, does: wrong.name.replace('one that ', ''), caught: !passed });
      assert.not(passed, `it passes: ${name}`);
      found.add(name);
    }
    assert.ok(ran > 0, 'no check has such a name');
    assert.equal(uncleaned.splice(0), []);
  });
}

test('given all wrong drivers, when their failures are put together, then there is no check that all of them pass', () => {
  const [wrong] = WRONG_DRIVERS;
  assert.ok(wrong !== undefined);
  assert.equal(
    [...checksOn(wrong).keys()].filter((name) => !found.has(name)),
    [],
  );
});

test.run();
