import { ShiplogError } from '@shiplog/contracts';
import { replyJson } from '../reply.ts';
import type { Exchange, Route } from '../route.ts';

/** `POST images/IMAGE/migrate?storageDriver=`: takes an image to another storage driver. IMAGE is percent-encoded. */
export const migrateImage: Route = {
  method: 'POST',
  verbs: ['image.migrate'],
  path: ['images'],
  takesRest: true,
  query: ['storageDriver'],
  async answer({ engine, caller, query, rest, response }: Exchange): Promise<void> {
    const [image, verb] = rest;
    if (image === undefined || verb !== 'migrate' || rest.length !== 2)
      throw new ShiplogError('NOT_FOUND', `post to images/IMAGE/migrate, not to images/${rest.join('/')}`);
    const storageDriver = query.get('storageDriver') ?? '';
    replyJson(response, 200, await engine.execute('image.migrate', { image, storageDriver }, caller));
  },
};
