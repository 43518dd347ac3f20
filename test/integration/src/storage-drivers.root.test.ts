// time limit: 300 s
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { btrfsImage, busyboxArchive, hostTraces, TestDaemon } from '@shiplog/test-support';

const FIRST = 'busybox:first';
const SECOND = 'busybox:second';
const ORPHAN = 'f'.repeat(64);

/** What `docker inspect --size` says of a container's sizes, in bytes. */
interface Sizes {
  readonly SizeRw: number;
  readonly SizeRootFs: number;
  readonly HostConfig: { readonly StorageOpt: { readonly [option: string]: string } };
}

const test = suite('storage drivers, several in one engine');

/** What a driver holds of a kind. */
async function held(daemon: TestDaemon, driver: string, kind: 'layers' | 'active'): Promise<readonly string[]> {
  return readdir(join(daemon.directory, 'root/drivers/storage', driver, kind)).catch(() => []);
}

test('given images with btrfs and vfs, when containers run, the daemon is killed, and an image migrates, then each is where it belongs', async () => {
  await using disk = await btrfsImage();
  const directory = join(disk.path, 'home');
  await mkdir(directory);
  const daemon = await TestDaemon.start({ directory, extra: ['--storage-driver', 'btrfs'] });
  const ok = async (program: 'docker' | 'shiplog', args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await daemon[program](args);
    assert.is(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const driverOf = (image: string): Promise<string> => ok('docker', ['image', 'inspect', '-f', '{{.GraphDriver.Name}}', image]);
  try {
    const [first, second] = [join(directory, 'first.tar'), join(directory, 'second.tar')];
    await busyboxArchive(first, FIRST);
    await busyboxArchive(second, SECOND);
    await ok('docker', ['load', '-q', '-i', first]);
    assert.is(await driverOf(FIRST), 'btrfs');
    // The same image under another name stays where it is, unless one insists.
    await ok('docker', ['load', '-q', '-i', second]);
    const insisted = await daemon.shiplog(['load', '-q', '-i', second, '--storage-driver', 'vfs']);
    assert.is(insisted.code, 1);
    assert.match(insisted.stderr, 'image migrate');
    const unknown = await daemon.shiplog(['load', '-q', '-i', second, '--storage-driver', 'nothing']);
    assert.match(unknown.stderr, 'there is no storage driver "nothing"');

    // A size, and what is written against it.
    const limited = ['run', '--name', 'small', '--storage-opt', 'size=16m', FIRST, 'sh', '-c'];
    const full = await daemon.docker([...limited, 'echo kept > /kept; dd if=/dev/urandom of=/big bs=1M count=64']);
    assert.is(full.code, 1);
    assert.match(full.stderr, /quota exceeded/i);
    const sizes = JSON.parse(await ok('docker', ['inspect', '--size', 'small']))[0] as Sizes;
    assert.ok(sizes.SizeRw > 4 * 1024 * 1024 && sizes.SizeRw <= 16 * 1024 * 1024, `${sizes.SizeRw} bytes`);
    assert.ok(sizes.SizeRootFs > sizes.SizeRw);
    assert.equal(sizes.HostConfig.StorageOpt, { size: String(16 * 1024 * 1024) });
    assert.match(await ok('docker', ['ps', '-a', '--size', '--format', '{{.Size}}']), /^[\d.]+MB \(virtual [\d.]+MB\)$/);
    assert.equal((await ok('docker', ['diff', 'small'])).split('\n'), ['A /big', 'A /kept']);
    assert.equal((await ok('shiplog', ['changes', 'small'])).split('\n'), ['A /big', 'A /kept']);
    assert.match(await ok('shiplog', ['changes', 'small', '--format', 'json']), /^\{"Kind":"A","Path":"\/big"\}\n/);
    await ok('docker', ['rm', 'small']);

    await ok('docker', ['run', '-d', '--name', 'one', FIRST, 'sh', '-c', 'echo one > /made; sleep 600']);
    assert.match((await daemon.shiplog(['image', 'migrate', '--to', 'vfs', FIRST])).stderr, 'container one');
    await ok('docker', ['rm', '-f', 'one']);
    assert.match(await ok('shiplog', ['image', 'migrate', '--to', 'vfs', FIRST]), 'from btrfs to vfs');
    assert.is(await driverOf(FIRST), 'vfs');
    assert.equal(await held(daemon, 'btrfs', 'layers'), []);
    assert.is((await held(daemon, 'vfs', 'layers')).length, 1);

    const refused = await daemon.docker(['create', '--storage-opt', 'size=16m', FIRST]);
    assert.is(refused.code, 1);
    assert.match(refused.stderr, "--storage-opt is not supported for vfs: it cannot limit a container's size; btrfs can");

    await ok('docker', ['run', '-d', '--name', 'two', FIRST, 'sleep', '600']);
    assert.is(await ok('docker', ['inspect', '-f', '{{.GraphDriver.Name}}', 'two']), 'vfs');
    assert.is((await held(daemon, 'vfs', 'active')).length, 1);

    await daemon.end('SIGKILL');
    // As a crash in the middle of a creation leaves it, with a driver that is not the default.
    await mkdir(join(directory, 'root/drivers/storage/vfs/active', ORPHAN, 'tree'), { recursive: true });
    await daemon.start();
    assert.is(await ok('docker', ['inspect', '-f', '{{.State.Running}}', 'two']), 'true');
    assert.is((await held(daemon, 'vfs', 'active')).length, 1);
    assert.not((await held(daemon, 'vfs', 'active')).includes(ORPHAN));

    await ok('docker', ['rm', '-f', 'two']);
    assert.match(await ok('shiplog', ['image', 'migrate', '--to', 'btrfs', FIRST]), 'from vfs to btrfs');
    assert.is(await ok('docker', ['run', '--rm', FIRST, 'sh', '-c', 'echo kept > /f && cat /f']), 'kept');
    await ok('docker', ['rmi', '-f', FIRST, SECOND]);
    for (const driver of ['btrfs', 'vfs'])
      for (const kind of ['layers', 'active'] as const) assert.equal(await held(daemon, driver, kind), [], `${driver} ${kind}`);
    assert.equal(await hostTraces(daemon.directory), []);
  } finally {
    await daemon.destroy();
  }
});

test.run();
