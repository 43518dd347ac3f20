import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { defineDriver, definePlugin, injectable } from '@shiplog/driver-kit';
import { type LogDriver, type LogReadOptions, type LogRecord, ShiplogError } from '@shiplog/contracts';

/** Nothing is written, so there is nothing to take over; the directory that the monitor was given is there all the same. */
@injectable()
class NoneLog implements LogDriver {
  /** Docker takes any option here and heeds none. */
  async check(): Promise<Record<string, never>> {
    return {};
  }

  async open(): Promise<Record<string, never>> {
    return {};
  }

  async close(): Promise<Record<string, never>> {
    return {};
  }

  async remove({ path }: Parameters<LogDriver['remove']>[0]): Promise<Record<string, never>> {
    await rm(dirname(path), { recursive: true, force: true });
    return {};
  }

  async observe(): Promise<readonly []> {
    return [];
  }

  // oxlint-disable-next-line require-yield
  async *read({ id }: LogReadOptions): AsyncGenerator<LogRecord> {
    throw new ShiplogError('NOT_SUPPORTED', 'configured logging driver does not support reading', { driver: 'none', id });
  }
}

export default definePlugin({
  manifest: { name: '@shiplog/log-none', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'log',
        name: 'none',
        capabilities: { read: false, follow: false, spool: false, direct: false, lasting: false },
        needs: {},
        doc: 'Output is not kept.',
      },
      driver: NoneLog,
    }),
  ],
});
