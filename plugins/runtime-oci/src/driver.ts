import { ConmonRuntimeDriver } from '@shiplog/conmon';
import type { Kernel } from '@shiplog/contracts';
import { type DriverHome, HOME, inject, injectable, KERNEL, LOGGER, type Logger } from '@shiplog/driver-kit';
import { chooseRuntime } from './choose-runtime.ts';

/** Runs OCI bundles with crun or runc. */
@injectable()
export class OciRuntimeDriver extends ConmonRuntimeDriver {
  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome, @inject(LOGGER) logger: Logger) {
    super(kernel, home, logger, (wanted, state) => chooseRuntime(kernel, wanted, state));
  }
}
