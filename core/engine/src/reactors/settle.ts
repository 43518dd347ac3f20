import { type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { hasEnded } from '@shiplog/model';
import type { EngineCore } from '../core.ts';
import { foldStream } from '../state/fold-stream.ts';
import { system } from '../system.ts';
import type { Execute } from '../commands/operation.ts';

/** Who carries out what is asked. */
export interface Commands {
  readonly execute: Execute;
}

/**
 * After something happened to a container: removes one that asked to be removed, gives back what one that ended still
 * holds. Holds no state of its own; asking twice is harmless. `cause`: the event that was; without it, the last end is looked up.
 */
export async function settle(core: EngineCore, executor: Commands, id: string, cause?: number): Promise<void> {
  const container = core.ledger.head.containers.get(id);
  if (container === undefined || container.busy !== undefined) return;
  const ended = hasEnded(container) || (container.status === 'created' && container.error !== '');
  if (!ended) return;
  try {
    if (container.spec.autoRemove) {
      const caller = system('auto-remove', because(cause ?? (await lastEnd(core, id))));
      await executor.execute('container.remove', { container: id, force: false, volumes: true }, caller);
    } else if (container.active && hasEnded(container)) {
      await executor.execute('container.release', { container: id }, system('exit', because(cause ?? (await lastEnd(core, id)))));
    }
  } catch (error) {
    const { code, message } = ShiplogError.wrap(error);
    // Somebody else got there first, or the engine is stopping; recovery looks again.
    core.parts.logger.debug('container not settled', { id, code, message });
  }
}

/** One that was to be removed after its end, and may not even start, has come to its end. */
export async function removeUnstarted(core: EngineCore, executor: Commands, ref: string, cause: number | undefined): Promise<void> {
  for (const { id, name, status, busy, spec } of core.ledger.head.containers.values()) {
    if ((name !== ref && id !== ref) || status !== 'created' || busy !== undefined || !spec.autoRemove) continue;
    await executor
      .execute('container.remove', { container: id, force: false, volumes: true }, system('auto-remove', because(cause)))
      .catch((error: unknown) => core.parts.logger.debug('container not removed', { id, error: String(error) }));
    return;
  }
}

function because(cause: number | undefined): { readonly cause?: number } {
  return cause === undefined ? {} : { cause };
}

/** How far back an end is looked for, in events of the container. */
const RECENT = 256;

/** Position of the container's last exit or outcome; undefined where that was pruned. */
function lastEnd(core: EngineCore, id: string): Promise<number | undefined> {
  const last = (found: number | undefined, { seq, type, kind }: ShiplogEvent): number | undefined =>
    type === 'container.exited' || kind === 'outcome' ? seq : found;
  return foldStream(core.ledger.log, `container/${id}`, undefined, last, RECENT);
}
