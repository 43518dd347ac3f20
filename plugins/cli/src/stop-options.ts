import { parseInteger } from './create/size.ts';
import type { Flags } from './verb.ts';

/** How a container is stopped: by `stop` and `restart`. */
export const STOP_OPTIONS = {
  time: { type: 'text', short: 't', value: 'SECONDS', help: 'Time it has before it is killed; -1 for ever' },
  timeout: { type: 'text', value: 'SECONDS', help: 'The same as --time' },
  signal: { type: 'text', short: 's', value: 'SIGNAL', help: 'Signal that asks it to stop' },
} as const;

/** What the engine is asked for. Throws UsageError for a time that is no number. */
export function stopQuery({ time, timeout, signal }: Flags<typeof STOP_OPTIONS>): { readonly t?: number; readonly signal?: string } {
  const seconds = time ?? timeout;
  return {
    ...(seconds === undefined ? {} : { t: parseInteger('--time', seconds) }),
    ...(signal === undefined ? {} : { signal }),
  };
}
