/** Media types that Shiplog understands: OCI image-spec (media-types.md) and Docker's image manifest version 2, schema 2. */
export const MEDIA_TYPES = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

const KINDS: ReadonlyMap<string, 'index' | 'manifest' | 'config' | 'layer'> = new Map([
  [MEDIA_TYPES.ociIndex, 'index'],
  [MEDIA_TYPES.dockerList, 'index'],
  [MEDIA_TYPES.ociManifest, 'manifest'],
  [MEDIA_TYPES.dockerManifest, 'manifest'],
  [MEDIA_TYPES.ociConfig, 'config'],
  [MEDIA_TYPES.dockerConfig, 'config'],
  [MEDIA_TYPES.ociLayer, 'layer'],
  [MEDIA_TYPES.ociLayerGzip, 'layer'],
  [MEDIA_TYPES.ociLayerZstd, 'layer'],
  [MEDIA_TYPES.dockerLayer, 'layer'],
  [MEDIA_TYPES.dockerLayerGzip, 'layer'],
  // Deprecated by the image-spec, still found in images of foreign base layers.
  ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'layer'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'layer'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+zstd', 'layer'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'layer'],
]);

/** What a media type stands for; undefined for anything that is no part of a container image (attestations, charts). */
export function mediaKind(mediaType: string): 'index' | 'manifest' | 'config' | 'layer' | undefined {
  return KINDS.get(mediaType);
}

const OCI_OF: ReadonlyMap<string, string> = new Map([
  [MEDIA_TYPES.dockerList, MEDIA_TYPES.ociIndex],
  [MEDIA_TYPES.dockerManifest, MEDIA_TYPES.ociManifest],
  [MEDIA_TYPES.dockerConfig, MEDIA_TYPES.ociConfig],
  [MEDIA_TYPES.dockerLayer, MEDIA_TYPES.ociLayer],
  [MEDIA_TYPES.dockerLayerGzip, MEDIA_TYPES.ociLayerGzip],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'],
]);

/** What OCI calls what Docker gave a type of its own; others as they are. */
export function ociMediaType(mediaType: string): string {
  return OCI_OF.get(mediaType) ?? mediaType;
}
