import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@shiplog/test-support';
import { temporary, temporaryRun } from './directory.ts';
import { timed } from './measure.ts';

/** The baseline: crun alone, with the namespaces of a container and no network, storage, monitor or log. */
export class BareCrun {
  #count = 0;

  private constructor(
    readonly directory: string,
    private readonly state: string,
    private readonly words: readonly string[],
  ) {}

  static async prepare(): Promise<BareCrun> {
    const directory = await temporary('crun');
    const state = await temporaryRun('crun');
    for (const part of ['bin', 'proc', 'dev', 'sys']) await mkdir(join(directory, 'rootfs', part), { recursive: true });
    await cp('/bin/busybox', join(directory, 'rootfs/bin/busybox'));
    await symlink('busybox', join(directory, 'rootfs/bin/true'));
    await writeFile(
      join(directory, 'config.json'),
      JSON.stringify({
        ociVersion: '1.0.0',
        process: { terminal: false, user: { uid: 0, gid: 0 }, args: ['/bin/true'], cwd: '/', noNewPrivileges: true },
        root: { path: 'rootfs' },
        mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
        linux: { namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })) },
      }),
    );
    // crun refuses a cgroup hierarchy that is half v1 and half v2 with controllers; in a mount namespace without the v2 half it runs.
    const direct = ['crun', '--root', state, '--cgroup-manager=disabled'];
    const wrapped = [
      'busybox',
      'unshare',
      '-m',
      'busybox',
      'sh',
      '-c',
      'busybox umount -l /sys/fs/cgroup/unified; exec "$@"',
      'sh',
      ...direct,
    ];
    const probe = await run(direct[0] ?? '', [...direct.slice(1), 'run', '-b', directory, `probe${process.pid}`]);
    return new BareCrun(directory, state, probe.code === 0 ? direct : wrapped);
  }

  sample = (): Promise<number> =>
    timed(async () => {
      this.#count += 1;
      const { code, stderr } = await run(this.words[0] ?? '', [
        ...this.words.slice(1),
        'run',
        '-b',
        this.directory,
        `bench${process.pid}x${this.#count}`,
      ]);
      if (code !== 0) throw new Error(`crun: ${stderr}`);
    });

  async done(): Promise<void> {
    for (const made of [this.directory, this.state]) await rm(made, { recursive: true, force: true });
  }
}
