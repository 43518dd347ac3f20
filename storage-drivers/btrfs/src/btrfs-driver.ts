import { type DriverHome, HOME, inject, injectable, KERNEL, type Logger, LOGGER, type TreeMaker, TreeSnapshots } from '@shiplog/driver-kit';
import type { Kernel } from '@shiplog/contracts';

/**
 * Storage over btrfs: every tree is a subvolume, and a copy of one is a snapshot, which shares all blocks with it until either changes. A
 * layer's is read-only. Made, deleted and measured by ioctl(2); no program runs.
 *
 * A snapshot is durable when it is there: the kernel commits with it. Containers may make subvolumes of their own in theirs; they go with it.
 */
@injectable()
export class BtrfsDriver extends TreeSnapshots {
  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome, @inject(LOGGER) logger: Logger) {
    super({ kernel, home, logger }, subvolumes(kernel));
  }
}

function subvolumes(kernel: Kernel): TreeMaker {
  return {
    driver: 'btrfs',
    keepsChangeTimes: true,
    create: (to) => kernel.subvolumes.create(to),
    copy: (from, to) => kernel.subvolumes.snapshot(from, to),
    seal: (tree) => kernel.subvolumes.setReadonly(tree, true),
    erase: (tree) => kernel.subvolumes.remove(tree),
    limit: (tree, bytes) => kernel.subvolumes.limit(tree, bytes),
    async usage(tree) {
      // The kernel shows what was written only once it is on disk.
      await kernel.files.syncFilesystem(tree);
      return kernel.subvolumes.usage(tree);
    },
  };
}
