import { type CommandArgs, ShiplogError } from '@shiplog/contracts';
import { replyJson } from '../reply.ts';
import type { Exchange, Route } from '../route.ts';

/** `POST containers/CONTAINER/migrate?storageDriver=`: takes a container that does not run to another storage driver. */
export const migrateContainer = migrate('container.migrate', 'containers', (container, storageDriver) => ({ container, storageDriver }));

/** `POST images/IMAGE/migrate?storageDriver=`: takes an image to another storage driver. IMAGE is percent-encoded. */
export const migrateImage = migrate('image.migrate', 'images', (image, storageDriver) => ({ image, storageDriver }));

function migrate<T extends 'container.migrate' | 'image.migrate'>(
  command: T,
  path: string,
  args: (ref: string, storageDriver: string) => CommandArgs[T],
): Route {
  const verbOf = ([, word, ...more]: readonly string[]): T | undefined => (word === 'migrate' && more.length === 0 ? command : undefined);
  return {
    method: 'POST',
    verbs: [command],
    path: [path],
    takesRest: true,
    query: ['storageDriver'],
    verbOf,
    async answer({ record, query, rest, response }: Exchange): Promise<void> {
      const [ref] = rest;
      if (ref === undefined || verbOf(rest) === undefined)
        throw new ShiplogError('NOT_FOUND', `post to ${path}/{ref}/migrate, not to ${path}/${rest.join('/')}`);
      replyJson(response, 200, await record.execute(command, args(ref, query.get('storageDriver') ?? '')));
    },
  };
}
