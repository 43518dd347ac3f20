import type { IncomingMessage } from 'node:http';
import { type BlobDescriptor, ShiplogError } from '@shiplog/contracts';
import { isDigest, MANIFEST_LIMIT_BYTES, mediaKind, MEDIA_TYPES, sha256Of } from '@shiplog/oci';
import { readBody } from './http-client.ts';

/** Media types that are asked for (distribution-spec, Pulling manifests). */
export const ACCEPT = [MEDIA_TYPES.ociIndex, MEDIA_TYPES.ociManifest, MEDIA_TYPES.dockerList, MEDIA_TYPES.dockerManifest].join(', ');

/** Docker's first manifest, from before 2016, which no digest ties to its layers' content. */
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/;

/** What the head of an answer says of the manifest in it; undefined where that is not enough. Throws NOT_SUPPORTED for schema 1. */
export function descriptorIn({ headers }: IncomingMessage, name: string): BlobDescriptor | undefined {
  const mediaType = mediaTypeIn(headers['content-type'], name);
  const [digest, size] = [headers['docker-content-digest'], Number(headers['content-length'] ?? Number.NaN)];
  return isDigest(digest) && Number.isSafeInteger(size) && size > 0 ? { mediaType, digest, size } : undefined;
}

/** The same, from the manifest itself. Throws DRIVER_FAILED for what is too large for one. */
export async function descriptorOf(response: IncomingMessage, name: string): Promise<BlobDescriptor> {
  const mediaType = mediaTypeIn(response.headers['content-type'], name);
  const body = await readBody(response, MANIFEST_LIMIT_BYTES);
  if (body === undefined)
    throw new ShiplogError('DRIVER_FAILED', `the manifest of ${name} has more than ${MANIFEST_LIMIT_BYTES} bytes`, { reference: name });
  return { mediaType, digest: sha256Of(body), size: body.length };
}

function mediaTypeIn(contentType: string | undefined, name: string): string {
  const mediaType = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (SCHEMA_1.test(mediaType))
    throw new ShiplogError(
      'NOT_SUPPORTED',
      `${name} has a manifest of schema version 1 (${mediaType}), which is not supported: push it again with a newer client`,
      { reference: name, mediaType },
    );
  if (mediaKind(mediaType) === undefined)
    throw new ShiplogError('NOT_SUPPORTED', `${name} is no container image: ${JSON.stringify(mediaType.slice(0, 100))}`, {
      reference: name,
      mediaType,
    });
  return mediaType;
}
