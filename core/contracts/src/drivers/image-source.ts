import { Type } from '@sinclair/typebox';
import { Done, type DriverBase, HostPath, type VerbsOf, verb } from './verb.ts';

/** A blob by its digest (image-spec, descriptor.md). `size` in bytes. */
const Descriptor = {
  mediaType: Type.String(),
  digest: Type.String({ pattern: '^sha256:[0-9a-f]{64}$' }),
  size: Type.Integer({ minimum: 0 }),
};

/** `registry/name:tag`, `registry/name@digest` or both, nothing left out: `docker.io/library/busybox:latest`. */
const reference = Type.String({ minLength: 1 });

/** Who asks a registry, as Docker's clients say it: see {@link RegistryAuth}. A driver keeps it in memory at most, and tells it to nobody but the registry. */
const auth = Type.Object({
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  identityToken: Type.Optional(Type.String()),
  registryToken: Type.Optional(Type.String()),
});

/** What a simulated source knows of every image. */
const SOMETHING = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'0'.repeat(64)}`,
  size: 0,
};

/** Names of images in the same registry that may have a blob already, with nothing left out: it need not travel again. */
const elsewhere = Type.Array(Type.String({ minLength: 1 }));

/**
 * An image source knows images by their references, and brings their blobs.
 *
 * The engine asks those that need no network first (capability `offline`), then the others, each in the order in which their plugins are installed; the
 * first that knows a reference brings the image. What comes is
 * not trusted: the image store checks digest and size of every blob, and that layers are what the image's config says. A source gets as
 * many blobs asked for side by side as an image has, and none that is here already.
 */
export const IMAGE_SOURCE_VERBS = {
  resolve: verb({
    doc: 'Says what a reference stands for now: the manifest, or an index of manifests for several platforms. No `descriptor` where this source does not know it; a failure where it cannot tell.',
    args: Type.Object({ reference, auth: Type.Optional(auth) }),
    answer: Type.Object({ descriptor: Type.Optional(Type.Object(Descriptor)) }),
    simulate: () => ({ descriptor: SOMETHING }),
  }),
  tags: verb({
    doc: 'Lists the tags of `repository`. No `tags` where this source does not know it; a failure where it cannot tell.',
    capability: 'tags',
    args: Type.Object({ repository: Type.String({ minLength: 1 }), auth: Type.Optional(auth) }),
    answer: Type.Object({ tags: Type.Optional(Type.Array(Type.String())) }),
  }),
  fetch: verb({
    doc: 'Writes the blob of the image `reference` with this digest into the file `path`; what is there already is replaced. Tells progress. Fails BLOB_NOT_FOUND; after a failure the file counts for nothing.',
    args: Type.Object({ reference, ...Descriptor, path: HostPath, auth: Type.Optional(auth) }),
    answer: Done,
    // Layers may be large, and far away.
    deadlineMs: 1_800_000,
  }),
  login: verb({
    doc: 'Says whether `registry` (`host[:port]`) takes these credentials. Fails REGISTRY_DENIED.',
    capability: 'login',
    args: Type.Object({ registry: Type.String({ minLength: 1 }), auth: Type.Optional(auth) }),
    answer: Done,
  }),
  mount: verb({
    doc: 'Has the place where the image `reference` is to be have a blob, without sending it: `state` says whether it was there, was had from an image of `elsewhere`, or is `absent`.',
    capability: 'push',
    args: Type.Object({ reference, ...Descriptor, elsewhere: Type.Optional(elsewhere), auth: Type.Optional(auth) }),
    answer: Type.Object({
      state: Type.Union([Type.Literal('there'), Type.Literal('mounted'), Type.Literal('absent')]),
      /** The image of `elsewhere` that had it. */
      from: Type.Optional(Type.String()),
    }),
    simulate: () => ({ state: 'there' as const }),
  }),
  upload: verb({
    doc: 'Brings the blob in the file `path` to where the image `reference` is to be, unless it is there: `state` says which. `elsewhere`: images that may have it. Tells progress.',
    capability: 'push',
    args: Type.Object({ reference, ...Descriptor, path: HostPath, elsewhere: Type.Optional(elsewhere), auth: Type.Optional(auth) }),
    answer: Type.Object({
      state: Type.Union([Type.Literal('pushed'), Type.Literal('there'), Type.Literal('mounted')]),
      /** The image of `elsewhere` that had it. */
      from: Type.Optional(Type.String()),
    }),
    simulate: () => ({ state: 'pushed' as const }),
    deadlineMs: 1_800_000,
  }),
  publish: verb({
    doc: 'Makes `reference`, which has a tag, stand for the manifest in the file `path`, whose blobs were all uploaded.',
    capability: 'push',
    args: Type.Object({ reference, ...Descriptor, path: HostPath, auth: Type.Optional(auth) }),
    answer: Done,
  }),
} as const;

type ImageSourceVerbs = VerbsOf<typeof IMAGE_SOURCE_VERBS>;
type Optional = 'tags' | 'login' | 'mount' | 'upload' | 'publish';

/**
 * Holds nothing on the host: `observe` answers nothing. Verbs that go with a capability are missing where the manifest does not have it, and are not asked
 * for.
 */
export interface ImageSource extends DriverBase, Omit<ImageSourceVerbs, Optional>, Partial<Pick<ImageSourceVerbs, Optional>> {}
