// time limit: 300 s
import { suite } from 'uvu';
import { runtimeSuite } from '@shiplog/conformance/runtime';
import { report, reported } from '@shiplog/test-support';
import { fixture, probe } from './testing/fixture.ts';

const test = suite('runtime-lxc: conformance');

const { usable, reason = '' } = await probe();
if (usable) runtimeSuite({ test: reported(test, 'runtime/lxc', 'runtime'), factory: fixture });
else {
  report({ driver: 'runtime/lxc', suite: 'runtime', skipped: reason });
  test('given a host that cannot run the driver, when it is to be proved, then that is skipped', async () => {
    process.stdout.write(`SKIP ${reason}\n`);
  });
}

test.run();
