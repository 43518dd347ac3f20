import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { VolumeDriver } from '@shiplog/contracts';
import type { DriverServices } from '@shiplog/driver-kit';

/**
 * A volume is the directory that the engine names. Who uses it is a file `<volume>/<consumer>` in the run directory, so that a crash
 * forgets nobody and a reboot everybody.
 */
export function createDriver({ home, logger }: DriverServices): VolumeDriver {
  const users = (volume: string): string => join(home.runDir, volume);

  return {
    async create({ name, path }, ctx) {
      // Recorded in the log once it is done: made again after a crash, the call goes on behind it.
      await ctx.step('directory', () => mkdir(path, { recursive: true, mode: 0o755 }).then(() => undefined));
      logger.info('volume made', { name });
      return {};
    },

    async publish({ name, path, consumer }) {
      await mkdir(users(name), { recursive: true });
      await writeFile(join(users(name), consumer), '');
      return { path };
    },

    async unpublish({ name, consumer }) {
      await rm(join(users(name), consumer), { force: true });
      return {};
    },

    async remove({ name, path }) {
      const volume = dirname(path);
      // Renamed first: what a crash leaves of it is no volume any more (names begin with no dot), and goes with the next try.
      const doomed = join(dirname(volume), `.rm-${basename(volume)}`);
      await rename(volume, doomed).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      await rm(doomed, { recursive: true, force: true });
      await rm(users(name), { recursive: true, force: true });
      return {};
    },

    async observe() {
      const found = await readdir(home.runDir, { recursive: true, withFileTypes: true });
      return found
        .filter((entry) => entry.isFile())
        .map(({ name, parentPath }) => ({ resource: 'publication', id: name, of: basename(parentPath) }));
    },
  };
}
