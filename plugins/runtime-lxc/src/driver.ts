import { ConmonRuntimeDriver } from '@shiplog/conmon';
import type { Kernel } from '@shiplog/contracts';
import { type DriverHome, HOME, inject, injectable, KERNEL, LOGGER, type Logger } from '@shiplog/driver-kit';
import { findLxc } from './lxc.ts';

/** Runs containers with LXC. */
@injectable()
export class LxcRuntimeDriver extends ConmonRuntimeDriver {
  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome, @inject(LOGGER) logger: Logger) {
    super(kernel, home, logger, (_, state) => findLxc(kernel, state));
  }
}
