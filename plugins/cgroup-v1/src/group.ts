import { mkdir } from 'node:fs/promises';
import { errnoOf, groupRefused } from '@shiplog/driver-kit';

const TRIES = 100;

/** Makes a group and the engine's own above it. Another container's removal may take that one away in between. */
export async function makeGroup(group: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await mkdir(group, { recursive: true });
      return;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || tries > TRIES) throw groupRefused('mkdir', group, error);
    }
  }
}
