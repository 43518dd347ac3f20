import type { Logger } from '@shiplog/driver-kit';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const RANK: { readonly [level in LogLevel]: number } = { debug: 0, info: 1, warn: 2, error: 3 };

/** Writes one JSON object a line to `write`: time, level, message, facts. */
export function createLogger(threshold: LogLevel, write: (line: string) => void): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, facts?: { readonly [fact: string]: unknown }): void => {
      if (RANK[level] >= RANK[threshold]) write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...facts })}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
