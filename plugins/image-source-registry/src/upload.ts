import { createReadStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
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

export interface Uploaded {
  readonly state: 'pushed' | 'there' | 'mounted';
  /** The repository that had it. */
  readonly from?: ReferenceParts;
}

const CHUNK_BYTES = 64 * 1024;

/**
 * Has a repository have a blob (distribution-spec, Pushing blobs): asks whether it has, whether `others` of the same registry have, and sends it whole in
 * one request where nobody has. A registry takes none whose digest is another. Throws REGISTRY_DENIED, DRIVER_FAILED, Passing.
 */
export async function uploadBlob(
  registry: Registry,
  place: Place,
  repository: string,
  { digest, size, path }: Blob,
  others: readonly ReferenceParts[],
  what: string,
  tell: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Uploaded> {
  const head = await registry.send(place, { method: 'HEAD', target: `/v2/${repository}/blobs/${digest}`, signal });
  if (head.statusCode === 200) return { state: 'there' };
  const [from] = others;
  const mount = from === undefined ? '' : `?${new URLSearchParams({ mount: digest, from: from.path }).toString()}`;
  const begun = await registry.send(place, {
    method: 'POST',
    target: `/v2/${repository}/blobs/uploads/${mount}`,
    headers: { 'content-length': '0' },
    signal,
  });
  if (begun.statusCode === 201 && from !== undefined) {
    begun.resume();
    return { state: 'mounted', from };
  }
  if (begun.statusCode !== 202) throw await failureOf(begun, what);
  const target = sessionOf(begun, digest, what);
  begun.resume();
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
  const body = () => counted(path, size, tell);
  const done = await registry.send(place, { method: 'PUT', target, headers, body, signal });
  if (done.statusCode !== 201) throw await failureOf(done, what);
  done.resume();
  return { state: 'pushed' };
}

/** Where the blob goes: what the registry says, and the digest. */
function sessionOf({ headers: { location } }: IncomingMessage, digest: string, what: string): string {
  if (location === undefined) throw new ShiplogError('DRIVER_FAILED', `${what}: the registry does not say where it goes`);
  return `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
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
