import { upcast } from '@shiplog/model';
import type { Operation } from '../operation.ts';
import { removeContext } from './build-context.ts';

/** After a build was cut off: removes its context, and the containers that it caused. Its images stay, for the next build to go on from. */
export async function removeLeftovers(op: Operation<'image.build'>): Promise<void> {
  const { log, head } = op.engine.ledger;
  const { intent } = op;
  for await (const stored of log.read({ from: intent.seq, types: ['container.create.requested'] })) {
    const event = upcast(stored);
    if (event?.type !== 'container.create.requested' || event.cause !== intent.seq || event.data.decided === null) continue;
    const { id } = event.data.decided;
    if (head.containers.has(id)) await op.execute('container.remove', { container: id, force: true, volumes: true });
  }
  await removeContext(op);
}
