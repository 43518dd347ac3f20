import { type DriverHome, HOME, inject, injectable, KERNEL, LOGGER, type Logger } from '@shiplog/driver-kit';
import type { Kernel } from '@shiplog/contracts';
import { FileLog } from './file-log.ts';
import { jsonLines } from './json-lines.ts';

/** Docker's default: JSON lines, unlimited unless told. */
@injectable()
export class JsonFileLog extends FileLog {
  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome, @inject(LOGGER) logger: Logger) {
    super('json-file', jsonLines, { maxFiles: 1, compress: false }, kernel, home, logger);
  }
}
