/** `sha256:<64 hex>`. */
export type Digest = `sha256:${string}`;

/** A blob by its digest (image-spec, descriptor.md). */
export interface BlobDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** One layer of an image, lowest first. */
export interface LayerRecord {
  /** Digest of the uncompressed tar (OCI image-spec, config.md, DiffID). */
  readonly diffId: Digest;
  /** Digest over this and all lower diffIds (config.md, ChainID); the key of its snapshot. */
  readonly chainId: Digest;
  /** The blob as it is stored. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the blob. */
  readonly size: number;
}

/** The part of an OCI image config that decides how a container runs (image-spec, config.md); names in OCI's spelling. */
export interface ImageRunConfig {
  readonly User?: string;
  readonly ExposedPorts?: { readonly [port: string]: object };
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Volumes?: { readonly [path: string]: object };
  readonly WorkingDir?: string;
  readonly Labels?: { readonly [label: string]: string };
  readonly StopSignal?: string;
  /** Seconds; of the container that an image was made of. No container inherits it, nor does one in Docker. */
  readonly StopTimeout?: number;
  readonly Shell?: readonly string[];
  /** Dockerfile instructions that come first in a build from this image. */
  readonly OnBuild?: readonly string[];
  /** Docker's addition to OCI's. Times in nanoseconds. */
  readonly Healthcheck?: ImageHealthcheck;
}

/** How an image says that its containers are found to be well (moby, image spec 1.2). */
export interface ImageHealthcheck {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** One line of an image's history (image-spec, config.md). */
export interface ImageHistory {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

/** An image as it is known once its blobs are stored. `id` is the digest of the config blob, as with Docker. */
export interface ImageManifest {
  readonly id: Digest;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  /** RFC 3339; '' if the image does not say. */
  readonly created: string;
  readonly author?: string;
  readonly comment?: string;
  readonly config: ImageRunConfig;
  readonly layers: readonly LayerRecord[];
  readonly history: readonly ImageHistory[];
  /** Bytes of all layers, uncompressed. */
  readonly size: number;
  /**
   * What is here of `config`, `history`, `author` and `comment` has `[concealed:HASH]` where secrets are: those of the container that the image was
   * made of, or of the request. The config blob has them.
   */
  readonly concealed?: true;
}

/** What a config blob says that people and containers see. */
export type ImageText = Pick<ImageManifest, 'config' | 'history' | 'author' | 'comment'>;
