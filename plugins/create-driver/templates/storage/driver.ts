import type { StorageDriver } from '@shiplog/contracts';
import { copyTree, type DriverServices, TreeSnapshots } from '@shiplog/driver-kit';

/**
 * Every snapshot is a whole tree below the driver's home: a layer is its parent's tree with a tar unpacked into it, a container's root is a copy
 * of its image's uppermost layer. `TreeSnapshots` does the rest: turns, crashes, mounts, what is observed. Say here how a tree is copied, and
 * where your storage differs how one is made, sealed, deleted and measured; or write the verbs of `StorageDriver` yourself.
 */
export function createDriver({ kernel, home, logger }: DriverServices): StorageDriver {
  return new TreeSnapshots(
    { kernel, home, logger },
    {
      driver: '__NAME__',
      copy: (from, to, signal) => copyTree({ kernel, from, to, signal }),
    },
  );
}
