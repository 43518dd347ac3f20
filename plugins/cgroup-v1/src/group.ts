import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, groupRefused } from '@shiplog/driver-kit';

const TRIES = 100;

/** Makes a group and the engine's own above it. Another container's removal may take that one away in between. */
export async function makeGroup(group: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await mkdir(group);
      return;
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return;
      if (errnoOf(error) !== 'ENOENT' || tries > TRIES) throw groupRefused('mkdir', group, error);
    }
    await mkdir(dirname(group)).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw groupRefused('mkdir', dirname(group), error);
    });
  }
}
