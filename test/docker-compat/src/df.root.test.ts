// time limit: 240 s
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { btrfsImage, busyboxArchive, run, TestDaemon } from '@shiplog/test-support';
import { ask } from './raw-http.ts';

const test = suite('what takes space');
const MIB = 1024 * 1024;

interface Answer {
  readonly LayersSize: number;
  readonly Images: readonly {
    readonly RepoTags: readonly string[];
    readonly Size: number;
    readonly SharedSize: number;
    readonly Containers: number;
  }[];
  readonly Containers: readonly { readonly Names: readonly string[]; readonly SizeRw: number; readonly SizeRootFs: number }[];
  readonly Volumes: readonly { readonly Name: string; readonly UsageData: { readonly Size: number; readonly RefCount: number } }[];
  readonly ImageUsage: { readonly Reclaimable: number };
}

/** Lengths of all files beneath some directories, each file once. */
async function lengths(...directories: readonly string[]): Promise<number> {
  const { code, stdout, stderr } = await run('find', [...directories, '!', '-type', 'd', '-printf', '%D:%i %s\n']);
  assert.is(code, 0, stderr);
  const sizes = new Map(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ') as [string, string]),
  );
  return [...sizes.values()].reduce((total, size) => total + Number(size), 0);
}

/** Where a driver keeps what, below its directory. */
const TREES = { overlay: 'diff', vfs: 'tree', btrfs: 'tree' } as const;

async function prove(driver: keyof typeof TREES, parent: string): Promise<void> {
  const directory = join(parent, driver);
  await mkdir(directory);
  const daemon = await TestDaemon.start({ directory, extra: ['--storage-driver', driver] });
  const docker = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await daemon.docker(args);
    assert.is(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  try {
    for (const [name, config] of [
      ['one', {}],
      ['two', { Labels: { which: 'two' } }],
    ] as const) {
      await busyboxArchive(join(directory, `${name}.tar`), `${name}:1`, config);
      await docker('load', '-q', '-i', join(directory, `${name}.tar`));
    }
    await docker(
      'run',
      '--name',
      'writer',
      '-v',
      'data:/data',
      'one:1',
      'sh',
      '-c',
      'dd if=/dev/zero of=/big bs=1M count=3; dd if=/dev/zero of=/data/held bs=1M count=2',
    );
    await docker('volume', 'create', 'empty');
    await docker('volume', 'create', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', 'elsewhere');
    const { status, body } = await ask(daemon.socket, 'GET', '/system/df');
    assert.is(status, 200, body);
    const usage = JSON.parse(body) as Answer;

    const home = join(directory, 'root/drivers');
    const [layers, active] = (await Promise.all(
      ['layers', 'active'].map(async (kind) => {
        const { stdout } = await run('find', [
          join(home, 'storage', driver, kind),
          '-mindepth',
          '2',
          '-maxdepth',
          '2',
          '-name',
          TREES[driver],
        ]);
        return lengths(...stdout.trim().split('\n'));
      }),
    )) as [number, number];
    const blobs = await lengths(join(home, 'image-store/local/blobs'));
    // btrfs tells what was written by whole blocks, and has small files in its trees.
    const near = (found: number, expected: number, what: string): void => {
      const allowed = driver === 'btrfs' ? 64 * 4096 : 0;
      assert.ok(Math.abs(found - expected) <= allowed, `${driver}, ${what}: ${found} of ${expected}`);
    };
    near(usage.LayersSize, layers + blobs, 'layers and blobs');
    for (const { Size, SharedSize, Containers, RepoTags } of usage.Images) {
      // Both have one layer, and a config each.
      assert.ok(Size > SharedSize && Size - SharedSize < 4096, `${Size} ${SharedSize}`);
      assert.is(Containers, RepoTags[0] === 'one:1' ? 1 : 0);
    }
    assert.is(
      usage.Images.reduce((total, { Size, SharedSize }) => total + Size - SharedSize, 0) + (usage.Images[0]?.SharedSize ?? 0),
      usage.LayersSize,
    );
    const two = usage.Images.find(({ RepoTags }) => RepoTags[0] === 'two:1');
    assert.is(usage.ImageUsage.Reclaimable, (two?.Size ?? 0) - (two?.SharedSize ?? 0), 'its layer is needed');
    const [container] = usage.Containers;
    const shares = driver !== 'vfs';
    near(container?.SizeRw ?? 0, driver === 'btrfs' ? 3 * MIB : active, 'what the container holds');
    near(container?.SizeRootFs ?? 0, (shares ? layers : 0) + (container?.SizeRw ?? 0), 'its root file system');
    const seen = new Map(usage.Volumes.map(({ Name, UsageData }) => [Name, [UsageData.Size, UsageData.RefCount]]));
    assert.equal(seen.get('data'), [2 * MIB, 1]);
    assert.equal(seen.get('empty'), [0, 0]);
    assert.equal(seen.get('elsewhere'), [-1, 0]);

    // The docker command, in its units of 1000.
    const rows = (await docker('system', 'df', '--format', '{{.Type}}|{{.TotalCount}}|{{.Active}}|{{.Size}}')).split('\n');
    const size = (bytes: number): string => (bytes >= 1_000_000 ? `${Number((bytes / 1_000_000).toPrecision(4))}MB` : `${bytes}B`);
    assert.equal(rows, [
      `Images|2|1|${size(usage.LayersSize)}`,
      `Containers|1|0|${size(container?.SizeRw ?? 0)}`,
      `Local Volumes|3|1|${size(2 * MIB)}`,
      'Build Cache|0|0|0B',
    ]);
    const verbose = await docker('system', 'df', '-v');
    assert.match(verbose, /^data +1 +2\.097MB$/m);
    assert.match(verbose, /^one +1 +[0-9a-f]{12} .* 1$/m);
    assert.match((await daemon.shiplog(['df'])).stdout, /^Containers +1 +0 +/m);

    // A hundred questions at once share their walks.
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(daemon.socket, 'GET', '/system/df?type=volume&type=image')));
    for (const answer of answers) assert.is((JSON.parse(answer.body) as Answer).LayersSize, usage.LayersSize);
    // What is gone takes nothing.
    await docker('rm', '-v', 'writer');
    await docker('rmi', 'one:1', 'two:1');
    await docker('volume', 'rm', 'data', 'empty', 'elsewhere');
    assert.match(
      (await ask(daemon.socket, 'GET', '/system/df')).body,
      '"LayersSize":0,"Images":[],"Containers":[],"Volumes":[],"BuildCache":[]',
    );
  } finally {
    await daemon.destroy();
  }
}

for (const driver of ['overlay', 'vfs', 'btrfs'] as const) {
  test(`given images, a container and volumes with ${driver}, when docker system df is asked, then its numbers are those of what is there`, async () => {
    if (driver === 'btrfs') {
      await using disk = await btrfsImage();
      await prove(driver, disk.path);
      return;
    }
    const parent = await mkdtemp(join(tmpdir(), 'shiplog-df-'));
    try {
      await prove(driver, parent);
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });
}

test.run();
