import { realpath } from 'node:fs/promises';
import type { Probe } from '@shiplog/contracts';
import { type DriverServices, mountHolding, temporaryPath } from '@shiplog/driver-kit';

/** Can btrfs work with the driver's state directory? Asks the mount table what it lies on, then makes and deletes a subvolume there. */
export async function probeBtrfs({ kernel, home }: DriverServices): Promise<Probe> {
  if (process.geteuid?.() !== 0) return no('subvolumes of btrfs can only be deleted by root');
  const stateDir = await realpath(home.stateDir);
  const type = mountHolding(await kernel.mounts.list(), stateDir)?.type;
  if (type !== 'btrfs') {
    return no(
      `root is not on btrfs: ${stateDir} lies on ${type ?? 'an unknown file system'}; choose a --root on btrfs, or mount one there`,
    );
  }
  const subvolume = temporaryPath(stateDir);
  try {
    await kernel.subvolumes.create(subvolume);
    await kernel.subvolumes.remove(subvolume);
    return { usable: true };
  } catch (error) {
    return no(`a subvolume in ${stateDir} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function no(reason: string): Probe {
  return { usable: false, reason };
}
