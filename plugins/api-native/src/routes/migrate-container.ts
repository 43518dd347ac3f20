import { ShiplogError } from '@shiplog/contracts';
import { replyJson } from '../reply.ts';
import type { Exchange, Route } from '../route.ts';

/** `POST containers/CONTAINER/migrate?storageDriver=`: takes a container that does not run to another storage driver. */
export const migrateContainer: Route = {
  method: 'POST',
  verbs: ['container.migrate'],
  path: ['containers'],
  takesRest: true,
  query: ['storageDriver'],
  async answer({ engine, caller, query, rest, response }: Exchange): Promise<void> {
    const [container, verb] = rest;
    if (container === undefined || verb !== 'migrate' || rest.length !== 2)
      throw new ShiplogError('NOT_FOUND', `post to containers/CONTAINER/migrate, not to containers/${rest.join('/')}`);
    const storageDriver = query.get('storageDriver') ?? '';
    replyJson(response, 200, await engine.execute('container.migrate', { container, storageDriver }, caller));
  },
};
