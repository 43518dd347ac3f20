import type { Observed } from '@shiplog/contracts';
import { isLayer } from '../drivers/drivers-in-use.ts';
import type { Operation } from '../commands/operation.ts';
import { checkSize } from './container-create.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';
import { unpack } from './image-ingest.ts';
import { removeLayer } from './remove-layer.ts';

type Migration = Operation<'container.migrate'>;

/** What the container has where it goes. The one where it was shows what that is to be like. */
async function copy(op: Migration): Promise<void> {
  const { id, from, to } = decided(op);
  const { ledger, parts } = op.engine;
  const { imageId, spec } = ledger.head.container(id);
  parts.drivers.get('storage', to);
  if (spec.rootfsSizeBytes !== undefined) checkSize(op.engine, to);
  const image = ledger.head.image(imageId);
  await unpack(op, image, to);
  // One that an earlier move could not take away is not what it is now.
  await op.step('storage', to, 'remove', { key: id }, { label: `storage.remove ${to}` });
  const target = parts.paths.rootfs(id);
  await op.step('storage', from, 'mount', { key: id, target, ephemeral: spec.autoRemove }, { undoArgs: { key: id, target } });
  const parent = image.layers.at(-1)?.chainId;
  const args = {
    key: id,
    like: target,
    ...(parent === undefined ? {} : { parent }),
    ...(spec.rootfsSizeBytes === undefined ? {} : { sizeBytes: spec.rootfsSizeBytes }),
  };
  await op.step('storage', to, 'prepare', args, { undoArgs: { key: id } });
  await op.step('storage', from, 'unmount', { key: id, target });
}

/** Takes away what it leaves. What cannot be taken away is left to the next recovery, which finds that nobody needs it. */
async function leave(op: Migration): Promise<void> {
  const { id, from, snapshots } = decided(op);
  for (const key of [id, ...snapshots]) {
    try {
      await removeLayer(op, { storageDriver: from, key });
    } catch (error) {
      op.engine.parts.logger.warn('a snapshot stays where its container is no more', { id, key, driver: from, error: String(error) });
      break;
    }
  }
}

/** Takes away what it made where it was to go. */
async function takeBack(op: Migration): Promise<void> {
  const { id, to } = decided(op);
  const { head } = op.engine.ledger;
  const layers = head.image(head.container(id).imageId).layers.map(({ chainId }) => chainId);
  const made = layers.toReversed().filter((key) => !isLayer(op.engine, to, key));
  for (const key of [id, ...new Set(made)]) await removeLayer(op, { storageDriver: to, key });
}

export const containerMigrate: Handler<'container.migrate'> = {
  async run(op) {
    await copy(op);
    await leave(op);
    return {};
  },
  /** The old snapshot goes only when the new one is whole: where the old one is, it is all that counts. */
  async recover(op) {
    const { id, from } = decided(op);
    const { drivers, paths } = op.engine.parts;
    await op.step('storage', from, 'unmount', { key: id, target: paths.rootfs(id) });
    const isOld = ({ resource, id: key }: Observed): boolean => resource === 'snapshot' && key === id;
    if ((await drivers.get('storage', from).observe()).some(isOld)) {
      await takeBack(op);
      return { status: 'failed', error: INTERRUPTED };
    }
    await leave(op);
    return { status: 'ok', data: {} };
  },
  answer: ({ id, from, to }) => ({ id, from, to }),
};
