import { ShiplogError } from '@shiplog/contracts';
import { failureOf } from './failures.ts';
import { readBody } from './http-client.ts';
import type { Place, Registry } from './registry.ts';

const PAGE_TAGS = 1000;
const PAGE_LIMIT_BYTES = 4 * 1024 * 1024;
const PAGES_LIMIT = 100;
/** distribution-spec, Pulling manifests. */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/**
 * Lists the tags of a repository, page by page (distribution-spec, Listing Tags; RFC 8288), in the registry's order. Undefined where there is no such repository.
 * Throws REGISTRY_DENIED, DRIVER_FAILED, Passing.
 */
export async function listTags(
  registry: Registry,
  place: Place,
  repository: string,
  what: string,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const tags = new Set<string>();
  let target: string | undefined = `/v2/${repository}/tags/list?n=${PAGE_TAGS}`;
  for (let pages = 0; target !== undefined; pages += 1) {
    if (pages === PAGES_LIMIT) throw new ShiplogError('DRIVER_FAILED', `${what}: the registry has more than ${PAGES_LIMIT} pages of them`);
    const response = await registry.send(place, { method: 'GET', target, headers: { accept: 'application/json' }, signal });
    if (response.statusCode === 404) {
      response.resume();
      return undefined;
    }
    if (response.statusCode !== 200) throw await failureOf(response, what);
    const { link } = response.headers;
    for (const tag of tagsIn(await readBody(response, PAGE_LIMIT_BYTES), what)) tags.add(tag);
    target = /<([^>]+)>\s*;[^,]*\brel="?next"?/.exec(Array.isArray(link) ? link.join(', ') : (link ?? ''))?.[1];
  }
  return [...tags];
}

function tagsIn(body: Buffer | undefined, what: string): readonly string[] {
  if (body === undefined) throw new ShiplogError('DRIVER_FAILED', `${what}: a page of them has more than ${PAGE_LIMIT_BYTES} bytes`);
  let document: unknown;
  try {
    document = JSON.parse(body.toString());
  } catch (error) {
    throw new ShiplogError('DRIVER_FAILED', `${what}: the registry's answer cannot be read`, {}, { cause: error });
  }
  const tags = typeof document === 'object' && document !== null && 'tags' in document ? document.tags : undefined;
  // Some say null for none.
  return Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string' && TAG.test(tag)) : [];
}
