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
  async answer({ engine, caller, rest, response }: Exchange): Promise<void> {
    const [plugin, verb = ''] = rest;
    if (plugin === undefined || rest.length !== 2 || !Object.hasOwn(VERBS, verb))
      throw new ShiplogError('NOT_FOUND', `post to plugins/NAME/enable, disable or reload, not to plugins/${rest.join('/')}`);
    replyJson(response, 200, await engine.execute(VERBS[verb as keyof typeof VERBS], { plugin }, caller));
  },
};
