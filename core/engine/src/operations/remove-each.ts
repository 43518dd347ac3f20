import { ShiplogError } from '@shiplog/contracts';
import type { Operation } from '../commands/operation.ts';
import { scrubbed } from '../secrets/scrub.ts';

/**
 * Removes one after the other, and answers what went. What cannot be removed keeps no other from going: it stays, and a step says so, with the
 * code of the reason. So does what was to come when the caller went away. Throws the first reason where nothing went at all.
 */
export async function removeEach(
  op: Operation,
  kind: 'container' | 'network' | 'volume',
  names: readonly string[],
  remove: (name: string) => Promise<void>,
): Promise<readonly string[]> {
  const { parts, secrets } = op.engine;
  const removed: string[] = [];
  let first: ShiplogError | undefined;
  for (const name of names) {
    try {
      await remove(name);
      removed.push(name);
    } catch (error) {
      const reason = ShiplogError.wrap(error);
      if (reason.code === 'LOG_CLOSED') throw reason;
      first ??= reason;
      op.journal(`${kind}.leave`, { [kind]: name, reason: reason.code });
      parts.logger.warn(`a ${kind} was not pruned`, {
        op: op.intent.op,
        [kind]: name,
        error: scrubbed(reason, op.secrets, secrets.rules).message,
      });
    }
  }
  if (removed.length === 0 && first !== undefined) throw first;
  return removed;
}
