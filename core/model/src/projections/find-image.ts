import { type ImageRecord, ShiplogError } from '@shiplog/contracts';
import { familiar, parseReference } from '@shiplog/oci/reference';
import { findByPrefix } from './find-by-prefix.ts';

/** How a reference led to an image: by one of its names, or by its id. */
export interface FoundImage {
  readonly image: ImageRecord;
  /** The tag or repository digest it was found by; absent when it was found by id. */
  readonly reference?: string;
}

/**
 * The image that `ref` means: full id, then `name[:tag]` or `name@digest`, then unique id prefix (with or without
 * `sha256:`). Throws IMAGE_NOT_FOUND (also for text that is no reference) or REFERENCE_AMBIGUOUS.
 */
export function findImage(images: ReadonlyMap<string, ImageRecord>, ref: string): FoundImage {
  const byId = images.get(ref) ?? images.get(`sha256:${ref}`);
  if (byId !== undefined) return { image: byId };
  const named = findByReference(images, ref);
  if (named !== undefined) return named;
  const image = findByPrefix(images, ref.startsWith('sha256:') ? ref.slice('sha256:'.length) : ref, 'sha256:');
  if (image === undefined) throw new ShiplogError('IMAGE_NOT_FOUND', `No such image: ${withTag(ref)}`, { image: ref });
  return { image };
}

/** The image that holds a tag (`name:tag`, familiar form), if any does. */
export function findImageByTag(images: ReadonlyMap<string, ImageRecord>, tag: string): ImageRecord | undefined {
  for (const image of images.values()) if (image.tags.includes(tag)) return image;
  return undefined;
}

function findByReference(images: ReadonlyMap<string, ImageRecord>, ref: string): FoundImage | undefined {
  const reference = imageName(ref);
  if (reference === undefined) return undefined;
  for (const image of images.values())
    if (image.tags.includes(reference) || image.repoDigests.includes(reference)) return { image, reference };
  return undefined;
}

/** The tag (familiar form) or repository digest that `ref` says; undefined for an id with its algorithm, and for text that is no reference. */
export function imageName(ref: string): string | undefined {
  const parsed = ref.startsWith('sha256:') ? undefined : parseOrUndefined(ref);
  if (parsed === undefined) return undefined;
  return parsed.digest === undefined ? familiar(parsed) : `${parsed.name}@${parsed.digest}`;
}

function parseOrUndefined(ref: string): ReturnType<typeof parseReference> | undefined {
  try {
    return parseReference(ref);
  } catch (error) {
    if (error instanceof ShiplogError && error.code === 'REFERENCE_INVALID') return undefined;
    throw error;
  }
}

/** Docker names the default tag when it says that an image is missing. */
function withTag(ref: string): string {
  const parsed = ref.startsWith('sha256:') ? undefined : parseOrUndefined(ref);
  return parsed === undefined || parsed.digest !== undefined ? ref : familiar(parsed);
}
