import { ShiplogError } from '@shiplog/contracts';
import { type EngineCore, system } from '../core.ts';
import type { Executor } from '../executor.ts';

/**
 * After something happened to a container: removes one that asked to be removed, gives back what one that ended still
 * holds. Holds no state of its own; asking twice is harmless.
 */
export async function settle(core: EngineCore, executor: Executor, id: string): Promise<void> {
  const container = core.ledger.head.containers.get(id);
  if (container === undefined || container.busy !== undefined) return;
  const ended = container.status === 'exited' || (container.status === 'created' && container.error !== '');
  if (!ended) return;
  try {
    if (container.spec.autoRemove) await executor.execute('container.remove', { container: id, force: false, volumes: true }, system('auto-remove'));
    else if (container.active && container.status === 'exited') await executor.execute('container.release', { container: id }, system('exit'));
  } catch (error) {
    const { code, message } = ShiplogError.wrap(error);
    // Somebody else got there first, or the engine is stopping; recovery looks again.
    core.parts.logger.debug('container not settled', { id, code, message });
  }
}
