import type { ContainerRecord, Digest } from '@shiplog/contracts';
import { exclusiveLayers } from '@shiplog/model';
import { bringDown, endProcess, thaw } from '../containers/container-down.ts';
import { type Operation, together } from '../commands/operation.ts';
import { decided, type Handler } from './handler.ts';
import { removeLayer } from './remove-layer.ts';
import { removeVolume } from './volume-remove.ts';

/** Removes a container that does not run, with everything the host holds of it, and volumes and layers that go with it. May be repeated. */
export async function removeContainer(
  op: Operation,
  container: ContainerRecord,
  volumes: readonly string[] = [],
  layers: readonly Digest[] = [],
): Promise<void> {
  const { id } = container;
  const forget = () =>
    together(
      op.step('storage', container.storageDriver, 'remove', { key: id }),
      op.act('log.remove', () => op.engine.outputs.remove(container)),
      op.act('vault.remove', () => op.engine.environment.forget(container, op.engine.ledger.head)),
    );
  await (container.active ? bringDown(op, container, undefined, forget) : forget());
  for (const key of layers) await removeLayer(op, { storageDriver: container.storageDriver, key });
  for (const name of volumes) {
    const volume = op.engine.ledger.head.volumes.get(name);
    if (volume !== undefined) await removeVolume(op, volume, `volume.remove ${name}`);
  }
  op.engine.io.forget(id);
}

export const containerRemove: Handler<'container.remove'> = {
  async run(op) {
    const { id, kill, volumes } = decided(op);
    const container = op.engine.ledger.head.container(id);
    if (kill && container.process !== undefined) await endProcess(op, container, 9, 0);
    await removeContainer(op, container, volumes, exclusiveLayers(op.engine.ledger.head, container));
    return {};
  },
  async recover(op) {
    const { id, volumes } = decided(op);
    const container = op.engine.ledger.head.container(id);
    // The runtime kills what is left, unless it is frozen.
    if (container.process !== undefined) await thaw(op, container);
    await bringDown(op, container);
    await removeContainer(op, container, volumes, exclusiveLayers(op.engine.ledger.head, container));
    return { status: 'ok', data: {} };
  },
  answer: ({ id }) => ({ id }),
};
