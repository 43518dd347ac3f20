import { createReadStream } from 'node:fs';
import { ShiplogError } from '@shiplog/contracts';
import type { ReferenceParts } from '@shiplog/oci';
import { failureOf } from './failures.ts';
import type { Place, Registry } from './registry.ts';

/** A blob in a file. */
interface Blob {
  readonly digest: string;
  readonly size: number;
  readonly path: string;
}

/** Where a blob goes. */
export interface Destination {
  readonly place: Place;
  readonly repository: string;
  /** Of the same registry: they may have it. */
  readonly others: readonly ReferenceParts[];
}

/** What came of a blob, and the repository that had it. */
export interface Placed<S extends string> {
  readonly state: S;
  readonly from?: ReferenceParts;
}

/** A registry that has a blob, or an upload that it has begun. */
type Begun = Placed<'there' | 'mounted'> | { readonly state: 'begun'; readonly session: string };

const CHUNK_BYTES = 64 * 1024;

/**
 * Has a repository have a blob (distribution-spec, Pushing blobs): asks whether it has, whether others of the same registry have, and sends it whole in
 * one request where nobody has. A registry takes none whose digest is another. Throws REGISTRY_DENIED, DRIVER_FAILED, Passing.
 */
export async function uploadBlob(
  registry: Registry,
  to: Destination,
  { digest, size, path }: Blob,
  what: string,
  tell: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Placed<'pushed' | 'there' | 'mounted'>> {
  const begun = await begin(registry, to, digest, what, signal);
  if (begun.state !== 'begun') return begun;
  const target = `${begun.session}${begun.session.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
  const body = () => counted(path, size, tell);
  const done = await registry.send(to.place, { method: 'PUT', target, headers, body, signal });
  if (done.statusCode !== 201) throw await failureOf(done, what);
  done.resume();
  return { state: 'pushed' };
}

/** The same without sending it: an upload that a registry begins instead is called off. Throws as {@link uploadBlob} does. */
export async function mountBlob(
  registry: Registry,
  to: Destination,
  digest: string,
  what: string,
  signal: AbortSignal,
): Promise<Placed<'there' | 'mounted' | 'absent'>> {
  if (to.others.length === 0) return { state: (await isThere(registry, to, digest, signal)) ? 'there' : 'absent' };
  const begun = await begin(registry, to, digest, what, signal);
  if (begun.state !== 'begun') return begun;
  // It would end by itself, some time.
  (await registry.send(to.place, { method: 'DELETE', target: begun.session, signal })).resume();
  return { state: 'absent' };
}

async function begin(registry: Registry, to: Destination, digest: string, what: string, signal: AbortSignal): Promise<Begun> {
  const { place, repository, others } = to;
  if (await isThere(registry, to, digest, signal)) return { state: 'there' };
  const [from] = others;
  const mount = from === undefined ? '' : `?${new URLSearchParams({ mount: digest, from: from.path }).toString()}`;
  const target = `/v2/${repository}/blobs/uploads/${mount}`;
  const begun = await registry.send(place, { method: 'POST', target, headers: { 'content-length': '0' }, signal });
  if (begun.statusCode === 201 && from !== undefined) {
    begun.resume();
    return { state: 'mounted', from };
  }
  if (begun.statusCode !== 202) throw await failureOf(begun, what);
  begun.resume();
  const { location } = begun.headers;
  if (location === undefined) throw new ShiplogError('DRIVER_FAILED', `${what}: the registry does not say where it goes`);
  return { state: 'begun', session: location };
}

async function isThere(registry: Registry, { place, repository }: Destination, digest: string, signal: AbortSignal): Promise<boolean> {
  return (await registry.send(place, { method: 'HEAD', target: `/v2/${repository}/blobs/${digest}`, signal })).statusCode === 200;
}

/** A file of which no more is sent than was announced; what is shorter breaks the request. */
async function* counted(path: string, size: number, tell: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  if (size === 0) return;
  let bytes = 0;
  for await (const chunk of createReadStream(path, { end: size - 1, highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    yield chunk;
    bytes += chunk.length;
    tell(bytes);
  }
}
