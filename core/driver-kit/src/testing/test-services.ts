import { randomBytes } from 'node:crypto';
import type { Kernel } from '@shiplog/contracts';
import type { DriverLog, DriverOptions, DriverServices, Logger } from '../services.ts';
import { createRecordingKernel } from './recording-kernel.ts';

export interface TestServicesOptions {
  /** A recording double if absent. */
  readonly kernel?: Kernel;
  /** An existing directory, the driver's own. */
  readonly stateDir: string;
  readonly runDir: string;
  readonly options?: DriverOptions;
  /** 12 hex digits; random if absent, so that tests run side by side. */
  readonly engineId?: string;
}

/** One line a driver logged. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly facts: { readonly [fact: string]: unknown };
}

/** A logger that keeps its lines. */
export interface TestLogger extends Logger {
  readonly lines: readonly LoggedLine[];
}

export interface TestServices extends DriverServices {
  readonly logger: TestLogger;
}

/** Services to construct a driver with in a test: see {@link instantiate}. The event log is an empty one. */
export function createTestServices({ kernel, stateDir, runDir, options, engineId }: TestServicesOptions): TestServices {
  return {
    kernel: kernel ?? createRecordingKernel(),
    home: { engineId: engineId ?? randomBytes(6).toString('hex'), stateDir, runDir },
    options: options ?? {},
    logger: createTestLogger(),
    log: createEmptyLog(),
  };
}

export function createTestLogger(): TestLogger {
  const lines: LoggedLine[] = [];
  const at =
    (level: LoggedLine['level']) =>
    (message: string, facts: { readonly [fact: string]: unknown } = {}): void => {
      lines.push({ level, message, facts });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A log in which nothing has happened: a follower waits until it is aborted. */
function createEmptyLog(): DriverLog {
  return {
    durableSeq: -1,
    async *read() {},
    async *readStream() {},
    async *follow({ signal }) {
      if (signal === undefined || signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
      yield* [];
    },
  };
}
