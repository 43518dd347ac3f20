import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { plainCommand } from './plain-command.ts';

const test = suite('command lines without what is another one each time');

test('given ids with letters and without, when command lines name them, then both are the same', () => {
  const lineOf = (engine: string, container: string, pid: number): string => {
    const command = `conmon --cid ${container} --arg /sys/fs/cgroup/kit-${engine}-${container.slice(0, 12)}/exec --at /tmp/socket.${pid} --pid ${pid}`;
    return plainCommand(command, [engine, container, container.slice(0, 12)]);
  };
  const letters = lineOf('a1b2c3d4e5f6', 'ab'.repeat(32), 4711);
  assert.is(letters, 'conmon --cid <1> --arg /sys/fs/cgroup/kit-<0>-<2>/exec --at PASSING --pid PASSING');
  assert.is(lineOf('123456789012', '34'.repeat(32), 815), letters);
});

test.run();
