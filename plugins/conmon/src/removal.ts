import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '@shiplog/driver-kit';

/** A file in a bundle whose removal has begun. */
const REMOVING = 'removing';

/**
 * Says that a container is being removed: no exec session's monitor is begun in it any more. One that is told before is known by its directory, or
 * by the lock under which it is begun. So a removal that comes after this finds all there are, also those of an engine that was killed.
 */
export function beginRemoval(bundle: string): void {
  try {
    writeFileSync(join(bundle, REMOVING), '');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

export function isBeingRemoved(bundle: string): boolean {
  return existsSync(join(bundle, REMOVING));
}
