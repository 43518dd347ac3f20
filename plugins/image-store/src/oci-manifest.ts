import type { BlobDescriptor } from '@shiplog/contracts';
import { MEDIA_TYPES, ociMediaType } from '@shiplog/oci';

/** The manifest of an image (image-spec, manifest.md), as bytes: the same image gives the same. */
export function ociManifest(config: Pick<BlobDescriptor, 'digest' | 'size'>, layers: readonly BlobDescriptor[]): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: { mediaType: MEDIA_TYPES.ociConfig, digest: config.digest, size: config.size },
      layers: layers.map(layerDescriptor),
    }),
  );
}

export function layerDescriptor({ mediaType, digest, size }: BlobDescriptor): object {
  return { mediaType: ociMediaType(mediaType), digest, size };
}
