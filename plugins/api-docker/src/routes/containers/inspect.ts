import { type Exchange, param } from '../../http/exchange.ts';
import { booleanOf } from '../../http/query.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { containerInspect } from '../../translate/container-inspect.ts';

/** `GET /containers/{id}/json`. */
export async function inspectContainer(exchange: Exchange): Promise<void> {
  const { engine, query, response, gone } = exchange;
  const { view, past } = await look(exchange);
  const found = view.container(param(exchange, 'id'));
  // Of the past, marks and names alone are told.
  const container = past ? found : await engine.revealed(found);
  const env = past ? found.spec.env.names : await engine.unseal(found.spec.env);
  const size = booleanOf(query, 'size') && !past ? await engine.size(container.id, gone) : undefined;
  const probes = past ? undefined : engine.probes(container.id);
  const recorded = view.images.get(container.imageId);
  const image = recorded === undefined || past ? recorded : await engine.wholeImage(recorded);
  json(response, 200, containerInspect(container, view, { env, size, image, probes }));
}
