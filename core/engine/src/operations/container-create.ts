import { type MountSpec, ShiplogError } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';

/** Throws SPEC_INVALID, in Docker's words, for a runtime that is not there or cannot run here. */
function checkRuntime({ parts }: EngineCore, name: string): void {
  const known = parts.drivers.list().find((driver) => driver.kind === 'runtime' && driver.name === name);
  if (known === undefined) throw new ShiplogError('SPEC_INVALID', `unknown or invalid runtime name: ${name}`, { runtime: name });
  if (!known.probe.usable) {
    throw new ShiplogError('SPEC_INVALID', `unknown or invalid runtime name: ${name} cannot run here: ${known.probe.reason}`, {
      runtime: name,
    });
  }
}

/** Throws SPEC_INVALID, in Docker's words, for a size that the storage driver cannot hold a container to. */
export function checkSize({ parts }: EngineCore, storageDriver: string): void {
  const known = parts.drivers.list().find(({ kind, name }) => kind === 'storage' && name === storageDriver);
  if (known?.capabilities.quota === true) return;
  const able = parts.drivers.list().filter(({ kind, capabilities }) => kind === 'storage' && capabilities.quota === true);
  const hint = able.length === 0 ? '' : `; ${able.map(({ name }) => name).join(' and ')} can`;
  throw new ShiplogError('SPEC_INVALID', `--storage-opt is not supported for ${storageDriver}: it cannot limit a container's size${hint}`, {
    storageDriver,
  });
}

/** Throws SPEC_INVALID, in Docker's words, for a directory or file to show that is not there, and is not to be made. */
async function checkSources({ parts }: EngineCore, mounts: readonly MountSpec[]): Promise<void> {
  for (const mount of mounts) {
    if (mount.type !== 'bind' || mount.createSource === true || (await parts.host.exists(mount.source))) continue;
    const { source } = mount;
    throw new ShiplogError('SPEC_INVALID', `invalid mount config for type "bind": bind source path does not exist: ${source}`, { source });
  }
}

/** Makes the writable layer; the container does not run yet. */
export const containerCreate: Handler<'container.create'> = {
  async run(op) {
    const { id, imageId, storageDriver, spec, logDriver, runtime } = decided(op);
    checkRuntime(op.engine, runtime);
    if (spec.rootfsSizeBytes !== undefined) checkSize(op.engine, storageDriver);
    const { logOptions, mounts } = (await op.revealed({ spec })).spec;
    await op.engine.outputs.check(logDriver, logOptions);
    await checkSources(op.engine, mounts);
    const image = op.engine.ledger.head.image(imageId);
    const top = image.layers.at(-1)?.chainId;
    const args = {
      key: id,
      ephemeral: spec.autoRemove,
      ...(top === undefined ? {} : { parent: top }),
      ...(spec.rootfsSizeBytes === undefined ? {} : { sizeBytes: spec.rootfsSizeBytes }),
    };
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
