import { ShiplogError } from '@shiplog/contracts';
import type { Exchange, Route } from '../http/exchange.ts';
import { json } from '../http/reply.ts';
import type { RouteEntry } from '../http/router.ts';

/** Routes that Docker has and this engine has not yet: 501, naming the route. */
const NOT_YET: readonly (readonly [method: string, template: string])[] = [
  ['GET', '/containers/{id}/checkpoints'],
  ['POST', '/containers/{id}/checkpoints'],
  ['DELETE', '/containers/{id}/checkpoints/{checkpoint}'],
  ['POST', '/build/cancel'],
  ['GET', '/images/search'],
  ['GET', '/images/{name*}/attestations'],
  ['POST', '/session'],
  ['POST', '/grpc'],
  ['GET', '/debug/vars'],
  ['GET', '/debug/pprof/{profile*}'],
  ['GET', '/plugins/privileges'],
  ['POST', '/plugins/pull'],
  ['POST', '/plugins/create'],
  ['POST', '/plugins/{name*}/enable'],
  ['POST', '/plugins/{name*}/disable'],
  ['POST', '/plugins/{name*}/upgrade'],
  ['POST', '/plugins/{name*}/push'],
  ['POST', '/plugins/{name*}/set'],
  ['DELETE', '/plugins/{name*}'],
];

/** Routes of Docker's swarm mode: 503, as from a node that is in no swarm. */
const SWARM: readonly (readonly [method: string, template: string])[] = [
  ['GET', '/swarm'],
  ['POST', '/swarm/init'],
  ['POST', '/swarm/join'],
  ['POST', '/swarm/leave'],
  ['POST', '/swarm/update'],
  ['GET', '/swarm/unlockkey'],
  ['POST', '/swarm/unlock'],
  ['GET', '/nodes'],
  ['GET', '/nodes/{id}'],
  ['DELETE', '/nodes/{id}'],
  ['POST', '/nodes/{id}/update'],
  ['GET', '/services'],
  ['POST', '/services/create'],
  ['GET', '/services/{id}'],
  ['DELETE', '/services/{id}'],
  ['POST', '/services/{id}/update'],
  ['GET', '/services/{id}/logs'],
  ['GET', '/tasks'],
  ['GET', '/tasks/{id}'],
  ['GET', '/tasks/{id}/logs'],
  ['GET', '/secrets'],
  ['POST', '/secrets/create'],
  ['GET', '/secrets/{id}'],
  ['DELETE', '/secrets/{id}'],
  ['POST', '/secrets/{id}/update'],
  ['GET', '/configs'],
  ['POST', '/configs/create'],
  ['GET', '/configs/{id}'],
  ['DELETE', '/configs/{id}'],
  ['POST', '/configs/{id}/update'],
  ['PUT', '/volumes/{name}'],
];

/** What to do instead, where there is something. */
const ADVICE: { readonly [template: string]: string } = {
  '/session': '; it is of BuildKit: set DOCKER_BUILDKIT=0',
  '/grpc': '; it is of BuildKit: set DOCKER_BUILDKIT=0',
  '/images/search': '; registries have no search in the OCI distribution protocol: look on their web sites',
  '/build/cancel': '; it is of BuildKit: a build ends when its client goes away',
};

const notYet =
  (method: string, template: string): Route =>
  async (exchange) => {
    throw await recorded(
      exchange,
      method,
      new ShiplogError('NOT_IMPLEMENTED', `${method} ${template} is not implemented by this engine yet${ADVICE[template] ?? ''}`, {
        method,
        template,
      }),
    );
  };

const noSwarm =
  (method: string): Route =>
  async (exchange) => {
    const message =
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
    await recorded(exchange, method, new ShiplogError('NOT_SUPPORTED', message));
    json(exchange.response, 503, { message });
  };

/** Records that something was asked that would change what is there, and is not served. */
async function recorded({ engine, caller }: Exchange, method: string, error: ShiplogError): Promise<ShiplogError> {
  return method === 'GET' ? error : engine.refuse(undefined, error, caller);
}

/** Rows for all routes that are refused. */
export const REFUSED: readonly RouteEntry[] = [
  ...NOT_YET.map(([method, template]) => ({ method, template, route: notYet(method, template) })),
  ...SWARM.map(([method, template]) => ({ method, template, route: noSwarm(method) })),
];
