import { type DriverHome, HOME, inject, injectable, KERNEL, LOGGER, type Logger } from '@shiplog/driver-kit';
import type { Kernel } from '@shiplog/contracts';
import { entries } from './entries.ts';
import { FileLog } from './file-log.ts';

/** Docker's compact one: binary entries, five files of 20 MiB, the full ones compressed. */
@injectable()
export class LocalLog extends FileLog {
  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome, @inject(LOGGER) logger: Logger) {
    super('local', entries, { maxBytes: 20 << 20, maxFiles: 5, compress: true }, kernel, home, logger);
  }
}
