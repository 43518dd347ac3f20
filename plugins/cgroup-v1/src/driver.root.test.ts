// time limit: 240 s
import { suite } from 'uvu';
import { cgroupSuite } from '@shiplog/conformance/cgroup';
import { report, reported } from '@shiplog/test-support';
import { fixture, probe } from './fixture.test.util.ts';

const test = suite('cgroup-v1: conformance');
const answer = await probe();
if (answer.usable) cgroupSuite({ test: reported(test, 'cgroup/v1', 'cgroup'), factory: fixture });
else {
  test('given a host without usable version 1 hierarchies, when its driver is to be proved, then that is skipped', async () => {
    process.stdout.write(`SKIP ${answer.reason}\n`);
    report({ driver: 'cgroup/v1', suite: 'cgroup', skipped: answer.reason });
  });
}
test.run();
