// time limit: 240 s
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, temporaryDirectory, TestDaemon } from '@shiplog/test-support';
import { createDriver } from './create-driver.ts';

const test = suite('create-driver: an engine that uses new drivers');

test('given a new cgroup driver and a new runtime driver, when containers run with them, then limits are theirs and exit codes are told', async () => {
  await using temporary = await temporaryDirectory();
  const begin = (family: string): Promise<{ readonly directory: string }> =>
    createDriver({ family, name: `my-${family}`, language: 'typescript', parent: temporary.path });
  const [cgroup, runtime] = [await begin('cgroup'), await begin('runtime')];
  const plugins = [cgroup, runtime].flatMap(({ directory }) => ['--plugin', directory]);
  const daemon = await TestDaemon.start({ extra: [...plugins, '--cgroup-driver', 'my-cgroup'] });
  try {
    const archive = join(temporary.path, 'image.tar');
    await busyboxArchive(archive);
    assert.is((await daemon.docker(['load', '-i', archive])).code, 0);
    const script = 'cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; exit 3';
    const ran = await daemon.docker(['run', '--rm', '--runtime', 'my-runtime', 'busybox:test', 'sh', '-c', script]);
    assert.equal([ran.stdout, ran.code], ['4096\n', 3], ran.stderr);
    // The code that is used goes on to be listened to when it is loaded anew.
    assert.is((await daemon.docker(['run', '-d', '--name', 'web', '--runtime', 'my-runtime', 'busybox:test', 'sleep', '1000'])).code, 0);
    const reloaded = await daemon.shiplog(['plugin', 'reload', 'my-runtime']);
    assert.is(reloaded.code, 0, reloaded.stderr);
    assert.is((await daemon.docker(['exec', 'web', 'true'])).code, 0);
    assert.is((await daemon.docker(['kill', 'web'])).code, 0);
    assert.is((await daemon.docker(['wait', 'web'])).stdout, '137\n');
    assert.is((await daemon.docker(['rm', 'web'])).code, 0);
  } finally {
    await daemon.destroy();
  }
});

test.run();
