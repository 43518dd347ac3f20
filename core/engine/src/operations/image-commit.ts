import { type BuildStep, type Digest, type IngestedImage, type LoadedImage, ShiplogError } from '@shiplog/contracts';
import { createdByOf, imageConfigOf, stepConfigOf } from '@shiplog/oci';
import { isUp } from '@shiplog/model';
import { ENDING_MS } from '../base.ts';
import { MADE_FOR_MOUNTS } from '../containers/made-for-mounts.ts';
import type { Operation } from '../commands/operation.ts';
import { asked, decided, type Handler, INTERRUPTED } from './handler.ts';
import { place, type PlacedImage } from './image-ingest.ts';
import { discard, takeInto } from './image-load.ts';

type Commit = Operation<'image.commit'>;

/** Lets a container that was frozen for the commit run again, unless somebody paused it meanwhile. */
async function thaw(op: Commit): Promise<void> {
  const { id, freeze } = decided(op);
  const { head } = op.engine.ledger;
  const paused = head.containers.get(id)?.status === 'paused';
  const pausing = [...head.openOperations.values()].some(({ verb, stream }) => verb === 'container.pause' && stream === `container/${id}`);
  if (!freeze || paused || pausing) return;
  const { cgroup } = op.engine.parts.chosen;
  await op.engine.call('cgroup', cgroup, 'thaw', { id }, { op: op.ctx.op, signal: new AbortController().signal });
}

/** Shows the files of a container that does not run; one that does shows them already. Answers where they are. */
async function show(op: Commit): Promise<string> {
  const { parts, ledger } = op.engine;
  const container = ledger.head.container(decided(op).id);
  const target = parts.paths.rootfs(container.id);
  if (!isUp(container))
    await op.step('storage', container.storageDriver, 'mount', { key: container.id, target, ephemeral: container.spec.autoRemove });
  return target;
}

/** Hides them again. Whether it was shown for the commit alone is told by the state: nothing starts or releases it meanwhile. */
async function hide(op: Commit): Promise<void> {
  const { parts, ledger } = op.engine;
  const container = ledger.head.containers.get(decided(op).id);
  if (container === undefined || isUp(container) || container.active) return;
  await op.step('storage', container.storageDriver, 'unmount', { key: container.id, target: parts.paths.rootfs(container.id) });
}

async function commit(op: Commit) {
  const { id, ingest, reference, freeze } = decided(op);
  const { engine } = op;
  const { parts, ledger } = engine;
  const { message, author, changes: instructions, step } = await op.revealed(asked(op));
  const recorded = ledger.head.container(id);
  const logged = ledger.head.image(recorded.imageId);
  const [revealed, base, env] = await Promise.all([
    op.revealed(recorded),
    engine.images.whole(logged),
    engine.environment.unseal(recorded.spec.env),
  ]);
  const container = await engine.images.within(revealed, base);
  const store = parts.drivers.get('image-store', parts.chosen.imageStore);
  const parent = base.layers.at(-1)?.chainId;
  const read = async () => {
    const tree = await show(op);
    const compared = { key: id, ignore: [...MADE_FOR_MOUNTS], exact: true, ...(parent === undefined ? {} : { parent }) };
    const { changes } = await op.step('storage', container.storageDriver, 'changes', compared);
    const made =
      step === undefined
        ? { config: imageConfigOf(container.spec, base.config, env) }
        : { config: stepConfigOf(step, base.config), createdBy: createdByOf(step) };
    return store.commit(ingest, { base, tree, changes, ...made, instructions, author, message, at: op.intent.t }, op.ctx);
  };
  const bring = async () => {
    if (freeze) {
      await op.act(
        'cgroup.freeze',
        () => engine.call('cgroup', parts.chosen.cgroup, 'freeze', { id }, op.ctx, { endingMs: ENDING_MS }),
        () => thaw(op),
      );
    }
    const image = await read();
    if (freeze) await op.act('cgroup.thaw', () => thaw(op));
    await hide(op);
    return [{ ...image, tags: reference === '' ? [] : [reference] }];
  };
  // Its layers lie on those that the container has, unless somebody holds the very same image.
  const { storageDriver } = recorded;
  const where = (made: readonly IngestedImage[]): readonly PlacedImage[] =>
    place(op, made, undefined).map((placed) => (ledger.head.images.has(placed.manifest.id) ? placed : { ...placed, storageDriver }));
  const taken = await takeInto(op, ingest, bring, where);
  const images = taken.map(async ({ manifest, tags, storageDriver: holder }): Promise<LoadedImage> => ({
    manifest: await engine.images.concealed(manifest, logged, op.secrets, assignmentsOf(step)),
    tags,
    ...(step === undefined ? {} : { parent: recorded.imageId }),
    ...(holder === storageDriver ? {} : { storageDriver: holder }),
  }));
  const outcome = { images: await Promise.all(images), storageDriver };
  await engine.secrets.forget(asked(op));
  return outcome;
}

/** What the log may have of a step by name alone. */
function assignmentsOf(step: BuildStep | undefined): readonly string[] {
  return step === undefined
    ? []
    : [...(step.buildArgs ?? []), ...(step.env ?? []), ...(step.arg ?? [])].filter((entry) => entry.includes('='));
}

export const imageCommit: Handler<'image.commit'> = {
  run: commit,
  async recover(op) {
    await thaw(op);
    await hide(op);
    await discard(op, decided(op).ingest);
    return { status: 'failed', error: INTERRUPTED };
  },
  answer(_, { images }): { id: Digest } {
    const [image] = images;
    if (image === undefined) throw new ShiplogError('INTERNAL', 'a commit succeeded without an image');
    return { id: image.manifest.id };
  },
};
