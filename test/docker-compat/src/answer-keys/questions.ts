import type { World } from './world.ts';

/** Versions of the API that are asked: the newest, and Docker 20.10's. */
export const VERSIONS = ['1.41', '1.51'] as const;

/** What is asked of a route, by its template: the keys of all these answers count together. `registry` has `app:1`; without one no route that needs it is asked. */
export function questions({ exec, since }: World, registry?: string): { readonly [route: string]: readonly string[] } {
  return {
    '/version': ['/version'],
    '/info': ['/info'],
    '/events': [`/events?since=${since}&until=${Math.ceil(Date.now() / 1000)}`],
    '/system/df': ['/system/df'],
    '/containers/json': ['/containers/json?all=1', '/containers/json?size=1'],
    '/containers/{id}/json': ['/containers/barest/json', '/containers/full/json', '/containers/full/json?size=1'],
    '/containers/{id}/changes': ['/containers/full/changes'],
    '/containers/{id}/top': ['/containers/full/top'],
    '/containers/{id}/stats': ['/containers/full/stats?stream=0', '/containers/barest/stats?stream=0'],
    '/exec/{id}/json': [`/exec/${exec}/json`],
    '/images/json': ['/images/json?all=1'],
    '/images/{name*}/json': ['/images/keys:1/json', '/images/committed:1/json'],
    '/images/{name*}/history': ['/images/committed:1/history'],
    ...(registry === undefined ? {} : { '/distribution/{name*}/json': [`/distribution/${registry}/app:1/json`] }),
    '/networks': ['/networks'],
    '/networks/{id}': ['/networks/bridge', '/networks/keysnet', '/networks/none'],
    '/volumes': ['/volumes'],
    '/volumes/{name}': ['/volumes/plain', '/volumes/options'],
  };
}

/** Routes that are read and answer no JSON, or only ever an empty list. */
export const WITHOUT_KEYS: readonly string[] = [
  '/_ping',
  '/containers/{id}/archive',
  '/containers/{id}/export',
  '/containers/{id}/logs',
  '/containers/{id}/attach/ws',
  '/images/get',
  '/images/{name*}/get',
  '/plugins',
  '/plugins/{name*}/json',
];
