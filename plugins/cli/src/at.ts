import { UsageError } from './cli-error.ts';
import type { Text } from './verb.ts';

/** The option that leads into the past. The engine reads the moment: it has the clock and the log. */
export const AT: Text = {
  type: 'text',
  value: 'MOMENT',
  help: 'As it was: a position, a time (12:00, yesterday, as it is shown), or a duration ago (10m)',
};

/** Throws UsageError where sizes of the past are asked for: disks are not in the log. */
export function refuseSizesAt({ at, size }: { readonly at: string | undefined; readonly size: boolean }): void {
  if (at !== undefined && size) throw new UsageError('--size does not go with --at: what something took on disk then is not in the log');
}
