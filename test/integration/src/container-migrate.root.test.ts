// time limit: 300 s
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { btrfsImage, busyboxArchive, hostTraces, TestDaemon } from '@shiplog/test-support';

const IMAGE = 'busybox:moving';

/** Changes its root file system in every way at the first start, and at each says what is there. */
const SCRIPT = `
b=/bin/busybox
if ! test -e /made; then
  mkdir /made /made/empty
  echo text > /made/text
  $b ln -s /nowhere /made/link
  $b ln /made/text /made/again
  $b mknod /made/null c 1 3
  $b mknod /made/pipe p
  echo '#!' > /made/program && $b chown 7:8 /made/program && $b chmod 6755 /made/program
  $b chmod 1777 /made/empty
  echo changed > /www/index.html
  rm /bin/yes
fi
# Of a directory, size and links are the file system's affair.
for path in /made /www /bin; do $b stat -c '%n %f %u:%g %y' $path; done
for path in /made/* /www/*; do test -d $path || $b stat -c '%n %f %u:%g %t,%T %h %s %y' $path; done
$b stat -c '%n %f %y' /made/empty
$b readlink /made/link
cat /made/text /www/index.html
$b ls /bin`;

const test = suite('container migrate');

test('given a container that changed its root, when it moves from driver to driver and the daemon is killed, then it starts with all as it left it', async () => {
  await using disk = await btrfsImage();
  const directory = join(disk.path, 'home');
  await mkdir(directory);
  const daemon = await TestDaemon.start({ directory, extra: ['--storage-driver', 'overlay'] });
  const ok = async (program: 'docker' | 'shiplog', args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await daemon[program](args);
    assert.is(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const held = async (driver: string, kind: 'layers' | 'active'): Promise<readonly string[]> =>
    readdir(join(directory, 'root/drivers/storage', driver, kind)).catch(() => []);
  const holders = async (kind: 'layers' | 'active'): Promise<readonly string[]> => {
    const counts = await Promise.all(
      ['overlay', 'vfs', 'btrfs'].map(async (driver) => [driver, (await held(driver, kind)).length] as const),
    );
    return counts.filter(([, count]) => count > 0).map(([driver]) => driver);
  };
  try {
    const archive = join(directory, 'image.tar');
    await busyboxArchive(archive, IMAGE);
    await ok('docker', ['load', '-q', '-i', archive]);
    const first = await ok('docker', ['run', '--name', 'mover', IMAGE, 'sh', '-c', SCRIPT]);
    assert.match(first, '/made/null');
    const changes = await ok('docker', ['diff', 'mover']);
    for (const [from, to] of [
      ['overlay', 'vfs'],
      ['vfs', 'btrfs'],
      ['btrfs', 'overlay'],
    ] as const) {
      assert.match(await ok('shiplog', ['container', 'migrate', '--to', to, 'mover']), `mover: from ${from} to ${to}`);
      assert.is(await ok('docker', ['inspect', '-f', '{{.GraphDriver.Name}}', 'mover']), to);
      assert.is(await ok('docker', ['diff', 'mover']), changes, to);
      assert.equal(await holders('active'), [to]);
      // Those of the image stay where it is; those that the container needed elsewhere went with it.
      assert.equal(await holders('layers'), to === 'overlay' ? ['overlay'] : ['overlay', to]);
      await daemon.end('SIGKILL');
      await daemon.start();
      assert.is(await ok('docker', ['start', '-a', 'mover']), first, to);
    }
    assert.match(await ok('shiplog', ['container', 'migrate', '--to', 'overlay', 'mover']), 'was with overlay already');

    await ok('docker', ['run', '-d', '--name', 'busy', IMAGE, 'sleep', '600']);
    assert.match(
      (await daemon.shiplog(['container', 'migrate', '--to', 'vfs', 'busy'])).stderr,
      'container busy cannot leave overlay while it runs',
    );
    assert.match(
      (await daemon.shiplog(['container', 'migrate', '--to', 'nothing', 'mover'])).stderr,
      'there is no storage driver "nothing"',
    );
    assert.is(await ok('docker', ['start', '-a', 'mover']), first, 'after a refusal');
    await ok('docker', ['rm', '-f', 'busy']);

    // A removal takes along what only the container needed there, and the image can go then.
    await ok('shiplog', ['container', 'migrate', '--to', 'vfs', 'mover']);
    await ok('docker', ['rm', 'mover']);
    assert.equal([await holders('active'), await holders('layers')], [[], ['overlay']]);
    await ok('docker', ['rmi', IMAGE]);
    assert.equal(await holders('layers'), []);
    assert.equal(await hostTraces(daemon.directory), []);
  } finally {
    await daemon.destroy();
  }
});

test.run();
