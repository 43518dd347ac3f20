import {
  copyTree,
  type DriverHome,
  HOME,
  inject,
  injectable,
  KERNEL,
  type Logger,
  LOGGER,
  type TreeMaker,
  TreeSnapshots,
} from '@shiplog/driver-kit';
import type { Kernel } from '@shiplog/contracts';

/**
 * The reference storage driver: every snapshot is a whole tree of its own, a full copy of its parent's. That is slow and takes space, and
 * needs nothing of the host but a directory. What is on disk, and how it survives crashes, is said in `SnapshotStore`, what a driver of whole trees
 * does in `TreeSnapshots`: read them before you write a driver.
 */
@injectable()
export class VfsDriver extends TreeSnapshots {
  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome, @inject(LOGGER) logger: Logger) {
    const maker: TreeMaker = { driver: 'vfs', copy: (from, to, signal) => copyTree({ kernel, from, to, signal }) };
    super({ kernel, home, logger }, maker);
  }
}
