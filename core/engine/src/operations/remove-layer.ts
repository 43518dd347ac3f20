import type { PlacedLayer } from '../drivers/layer-leases.ts';
import type { Operation } from '../commands/operation.ts';

/** Takes a layer away, unless somebody under way counts on it, who then takes it away where that fails. For whoever has the turn with layers. */
export async function removeLayer(op: Operation, { storageDriver, key }: PlacedLayer): Promise<void> {
  if (op.engine.leases.isHeld({ storageDriver, key })) return;
  await op.step('storage', storageDriver, 'remove', { key }, { label: `storage.remove ${key}` });
}
