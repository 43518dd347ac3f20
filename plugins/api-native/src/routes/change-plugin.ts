import { ShiplogError } from '@shiplog/contracts';
import { replyJson } from '../reply.ts';
import type { Exchange, Route } from '../route.ts';

const VERBS = { enable: 'plugin.enable', disable: 'plugin.disable', reload: 'plugin.reload' } as const;

/** `POST plugins/NAME/enable`, `/disable` and `/reload`: commands of the engine, recorded like any other. NAME is percent-encoded. */
export const changePlugin: Route = {
  method: 'POST',
  verbs: Object.values(VERBS),
  path: ['plugins'],
  takesRest: true,
  query: [],
  verbOf,
  async answer({ record, rest, response }: Exchange): Promise<void> {
    const [plugin] = rest;
    const verb = verbOf(rest);
    if (plugin === undefined || verb === undefined)
      throw new ShiplogError('NOT_FOUND', `post to plugins/NAME/enable, disable or reload, not to plugins/${rest.join('/')}`);
    replyJson(response, 200, await record.execute(verb, { plugin }));
  },
};

function verbOf([, word = '', ...more]: readonly string[]): (typeof VERBS)[keyof typeof VERBS] | undefined {
  return more.length === 0 && Object.hasOwn(VERBS, word) ? VERBS[word as keyof typeof VERBS] : undefined;
}
