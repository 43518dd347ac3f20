import type { Engine, StreamName } from '@shiplog/contracts';
import { fits } from '@shiplog/model';

/** What gives containers and networks their names. */
const NAMING = ['container.create.requested', 'container.rename.requested', 'network.create.requested'];

/**
 * The streams of containers and networks that ever had a name up to position `to`, as far as the log is kept: most requests tell the
 * id alone. A pattern is a name, also with its kind (`container/web`); a `*` at its end fits every ending.
 */
export async function streamsCalled(engine: Engine, patterns: readonly string[], to: number): Promise<ReadonlySet<StreamName>> {
  const found = new Set<StreamName>();
  const { log } = engine;
  // What fits every name fits every object without this.
  const named = patterns.filter((pattern) => !/(?:^|\/)\*$/.test(pattern));
  if (named.length === 0) return found;
  const heed = (kind: 'container' | 'network', { id, name }: { readonly id: string; readonly name: string }): void => {
    if (named.some((pattern) => fits(pattern, name) || fits(pattern, `${kind}/${name}`))) found.add(`${kind}/${id}`);
  };
  if (log.firstSeq > 0) {
    const { containers, networks } = await engine.view({ seq: log.firstSeq - 1 });
    for (const container of containers.values()) heed('container', container);
    for (const network of networks.values()) heed('network', network);
  }
  for await (const { type, data } of log.read({ to, types: NAMING })) {
    if (type === 'container.create.requested' && data.decided !== null) heed('container', data.decided);
    if (type === 'container.rename.requested' && data.decided !== null) heed('container', data.decided);
    if (type === 'network.create.requested' && data.decided !== null) heed('network', data.decided);
  }
  return found;
}
