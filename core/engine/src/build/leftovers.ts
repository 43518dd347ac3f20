import { type ContainerRecord, type OperationContext, ShiplogError } from '@shiplog/contracts';
import { upcast } from '@shiplog/model';
import type { Operation } from '../commands/operation.ts';
import { removeContext } from './build-context.ts';

type Build = Operation<'image.build'>;

/** SIGKILL cannot be refused; a process that outlives it this long hangs in the kernel. Milliseconds, and how often it is looked for. */
const KILL_MS = { grace: 30_000, look: 20 };

/** Containers that a build has caused, and that are still there. */
async function leftovers({ engine, intent }: Build): Promise<readonly ContainerRecord[]> {
  const { log, head } = engine.ledger;
  const left: ContainerRecord[] = [];
  for await (const stored of log.read({ from: intent.seq, types: ['container.create.requested'] })) {
    const event = upcast(stored);
    if (event?.type !== 'container.create.requested' || event.cause !== intent.seq || event.data.decided === null) continue;
    const container = head.containers.get(event.data.decided.id);
    if (container !== undefined) left.push(container);
  }
  return left;
}

/** After a build was cut off: ends the commands that it left running. That they have ended is recorded by who looks for exits next. */
export async function endLeftovers(op: Build, ctx: OperationContext): Promise<void> {
  const { drivers, chosen, clock } = op.engine.parts;
  for (const { id, process, runtime, status } of await leftovers(op)) {
    if (process === undefined) continue;
    // A frozen process does not die.
    if (status === 'paused') await drivers.get('cgroup', chosen.cgroup).thaw({ id }, ctx);
    const driver = drivers.get('runtime', runtime);
    await driver.signal({ id, signal: 9 }, ctx);
    for (let waited = 0; (await driver.state({ id }, ctx)).status === 'running'; waited += KILL_MS.look) {
      if (waited >= KILL_MS.grace) throw new ShiplogError('RUNTIME_FAILED', `container ${id} did not end after SIGKILL`, { container: id });
      await new Promise<void>((resolve) => void clock.after(KILL_MS.look, resolve));
    }
  }
}

/** After that: removes its containers and its context. Its images stay, for the next build to go on from. */
export async function removeLeftovers(op: Build): Promise<void> {
  const { parts } = op.engine;
  for (const { id, active, storageDriver } of await leftovers(op)) {
    // It may have been copied into.
    if (!active) await op.step('storage', storageDriver, 'unmount', { key: id, target: parts.paths.rootfs(id) });
    await op.execute('container.remove', { container: id, force: true, volumes: true });
  }
  await removeContext(op);
}
