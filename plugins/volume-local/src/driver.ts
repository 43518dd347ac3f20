import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { injectable } from '@shiplog/driver-kit';
import type { Observed, VolumeDriver } from '@shiplog/contracts';

type Args<V extends keyof VolumeDriver> = VolumeDriver[V] extends (args: infer A, ctx: never) => unknown ? A : never;

/** Volumes as plain directories. The engine says where each one is; the driver keeps nothing. */
@injectable()
export class LocalVolumeDriver implements VolumeDriver {
  async create({ path }: Args<'create'>): Promise<Record<string, never>> {
    await mkdir(path, { recursive: true, mode: 0o755 });
    return {};
  }

  /** The directory is renamed first: what a crash leaves of it is no volume any more, and goes with the next try. */
  async remove({ path }: Args<'remove'>): Promise<Record<string, never>> {
    const volume = dirname(path);
    const doomed = join(dirname(volume), `rm-${basename(volume)}`);
    await rename(volume, doomed).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rm(doomed, { recursive: true, force: true });
    return {};
  }

  async observe(): Promise<readonly Observed[]> {
    return [];
  }
}
