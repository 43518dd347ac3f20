import { type BuildFiles, createContext, ShiplogError } from '@shiplog/contracts';
import { interruptible } from '../commands/interruptible.ts';
import type { Operation } from '../commands/operation.ts';
import { decided } from '../operations/handler.ts';

type Build = Operation<'image.build'>;

/** What a client sent to be built from, until {@link removeContext}. */
export interface BuildContext {
  readonly files: BuildFiles;
  remove(): Promise<void>;
}

/**
 * Takes a context in, as a snapshot on nothing of its own: it is resolved beneath its root as a container's files are, and found by the id that was decided. Nothing of
 * it stays where that fails.
 */
export async function buildContext(op: Build, body: AsyncIterable<Uint8Array>): Promise<BuildContext> {
  const { chosen, drivers, paths } = op.engine.parts;
  const { storageDriver } = op.intent.data.givens.defaults;
  if (chosen.containerFiles === undefined) throw new ShiplogError('NOT_SUPPORTED', 'no plugin of this engine reads files of a build');
  const { context: key } = decided(op);
  const target = paths.rootfs(key);
  const { signal = new AbortController().signal } = op.streams;
  try {
    await op.step('storage', storageDriver, 'prepare', { key, ephemeral: true }, { lasting: true });
    await op.step('storage', storageDriver, 'mount', { key, target, ephemeral: true }, { lasting: true });
    const ctx = createContext({ op: op.intent.op, signal });
    const files = await drivers.get('container-files', chosen.containerFiles).open({ root: target, readonly: false, mounts: [] }, ctx);
    try {
      const options = { keepKinds: false, signal };
      await op.act(
        'container-files.extract',
        () => files.extract('/', interruptible(body, signal), options),
        undefined,
        ({ entries, bytes }) => ({ entries, bytes }),
      );
    } catch (error) {
      await files.close();
      throw error;
    }
    const remove = async (): Promise<void> => {
      await files.close();
      await removeContext(op);
    };
    return { files, remove };
  } catch (error) {
    await removeContext(op);
    throw error;
  }
}

/** Takes away what was sent. Repeating it is harmless; it does not wait for who has left. */
export async function removeContext(op: Build): Promise<void> {
  const { paths } = op.engine.parts;
  const { context: key } = decided(op);
  const ctx = { op: op.intent.op, signal: new AbortController().signal };
  const { storageDriver } = op.intent.data.givens.defaults;
  await op.engine.call('storage', storageDriver, 'unmount', { key, target: paths.rootfs(key) }, ctx);
  await op.engine.call('storage', storageDriver, 'remove', { key }, ctx);
}
