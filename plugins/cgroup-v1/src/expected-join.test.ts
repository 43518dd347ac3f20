import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pathOf } from './expected-join.ts';

const test = suite('cgroup-v1: where this process is');

test('given /proc/<pid>/cgroup, when a controller is looked for, then it is found among those mounted together, colons kept', () => {
  const text = '9:name=systemd:/\n8:cpu,cpuacct:/a:b\n7:pids:/x\n0::/unified\n';
  assert.is(pathOf('cpuacct', text), '/a:b');
  assert.is(pathOf('pids', text), '/x');
  assert.is(pathOf('cpu', '4:cpuset:/y\n'), undefined);
});

test.run();
