import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ShiplogEvent } from '@shiplog/contracts';
import type { DriverLog } from '@shiplog/driver-kit';
import { ExpectedJoin, pathOf } from './expected-join.ts';

const test = suite('cgroup-v1: expected joins');

test('given /proc/<pid>/cgroup, when a controller is looked for, then it is found among those mounted together, colons kept', () => {
  const text = '9:name=systemd:/\n8:cpu,cpuacct:/a:b\n7:pids:/x\n0::/unified\n';
  assert.is(pathOf('cpuacct', text), '/a:b');
  assert.is(pathOf('pids', text), '/x');
  assert.is(pathOf('cpu', '4:cpuset:/y\n'), undefined);
});

/** A log at position 4, in which then these events happen. */
function logOf(types: readonly ShiplogEvent['type'][], asked: (number | undefined)[]): DriverLog {
  return {
    durableSeq: 4,
    async *read() {},
    async *readStream() {},
    async *follow({ from }) {
      asked.push(from);
      for (const type of types) yield { type } as ShiplogEvent;
    },
  };
}

/** What is written to this process's own group below a made-up mount while the log is followed, and 50 ms longer. */
async function writtenFor(types: readonly ShiplogEvent['type'][]): Promise<{ readonly text: string; readonly asked: unknown[] }> {
  const mount = await mkdtemp(join(tmpdir(), 'shiplog-join-'));
  try {
    const own = pathOf('pids', await readFile('/proc/self/cgroup', 'utf8'));
    if (own === undefined) throw new Error('this process is in no version 1 hierarchy of pids');
    await mkdir(join(mount, own), { recursive: true });
    const file = join(mount, own, 'cgroup.procs');
    await writeFile(file, '');
    const asked: (number | undefined)[] = [];
    await new ExpectedJoin().follow(logOf(types, asked), 'pids', mount, new AbortController().signal);
    const end = performance.now() + 5000;
    do await sleep(50);
    while (types.length > 1 && (await readFile(file, 'utf8')) === '' && performance.now() < end);
    return { text: await readFile(file, 'utf8'), asked };
  } finally {
    await rm(mount, { recursive: true, force: true });
  }
}

const onVersion1 = pathOf('pids', await readFile('/proc/self/cgroup', 'utf8')) !== undefined;
if (onVersion1) {
  test('given a log, when it tells that a container is asked for, then this process is moved to where it is', async () => {
    const { text, asked } = await writtenFor(['network.create.requested', 'container.create.requested']);
    assert.match(text, new RegExp(`^(${process.pid})+$`));
    assert.equal(asked, [5], 'only what is to come');
  });

  test('given a log, when it tells of other things, then nothing is moved', async () => {
    assert.is((await writtenFor(['container.remove.requested'])).text, '');
  });
} else process.stdout.write('skipped: this host has no version 1 hierarchy of pids\n');

test.run();
