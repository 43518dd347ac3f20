import { decided, type Handler, INTERRUPTED } from './handler.ts';

/** Makes the writable layer; the container does not run yet. */
export const containerCreate: Handler<'container.create'> = {
  async run(op) {
    const { id, imageId, storageDriver, spec, logDriver } = decided(op);
    await op.engine.outputs.check(logDriver, (await op.revealed({ spec })).spec.logOptions);
    const image = op.engine.ledger.head.image(imageId);
    const top = image.layers.at(-1)?.chainId;
    const args = { key: id, ephemeral: spec.autoRemove, ...(top === undefined ? {} : { parent: top }) };
    await op.step('storage', storageDriver, 'prepare', args, { undoArgs: { key: id } });
    return { warnings: [] };
  },
  async recover(op) {
    const { id, storageDriver } = decided(op);
    await op.step('storage', storageDriver, 'remove', { key: id });
    return { status: 'failed', error: INTERRUPTED };
  },
  answer: ({ id }, { warnings }) => ({ id, warnings }),
};
