import { type ImageRecord, type IngestedImage, type SaveRequest, ShiplogError, type StateView } from '@shiplog/contracts';
import { parseReference } from '@shiplog/oci/reference';
import { findImage, imageName } from './find-image.ts';

/** An image with the tags that an archive is to give it, and the first name that it was asked by. */
export interface SavedImage extends IngestedImage {
  readonly ref: string;
}

/**
 * What `docker save` puts into an archive for these names, each image once, in the order it was first asked for. A tag counts if it was asked
 * for, or all of a name where that alone was; who asks by id or digest gets no tag.
 *
 * Throws IMAGE_NOT_FOUND, also for an image of another platform than `platform`, REFERENCE_AMBIGUOUS, or REQUEST_INVALID without a name.
 */
export function imagesToSave(
  view: Pick<StateView, 'images'>,
  names: readonly string[],
  platform: SaveRequest['platform'] = {},
): readonly SavedImage[] {
  if (names.length === 0) throw new ShiplogError('REQUEST_INVALID', 'no image is named: say which ones to save');
  const saved = new Map<string, { readonly image: ImageRecord; readonly ref: string; readonly tags: Set<string> }>();
  const add = (image: ImageRecord, ref: string, tag?: string): void => {
    requirePlatform(image, platform, ref);
    const known = saved.get(image.id) ?? { image, ref, tags: new Set() };
    saved.set(image.id, known);
    if (tag !== undefined) known.tags.add(tag);
  };
  for (const name of names) {
    const all = isNameAlone(name) ? tagsOf(view, name) : [];
    for (const { image, tag } of all) add(image, name, tag);
    if (all.length > 0) continue;
    const { image, reference } = findImage(view.images, name);
    add(image, name, reference !== undefined && image.tags.includes(reference) ? reference : undefined);
  }
  return [...saved.values()].map(({ image, ref, tags }) => ({ manifest: image, ref, tags: [...tags] }));
}

/** Neither tag nor digest, nor an id. */
function isNameAlone(text: string): boolean {
  if (text.startsWith('sha256:') || imageName(text) === undefined) return false;
  const { tag, digest } = parseReference(text);
  return tag === undefined && digest === undefined;
}

function tagsOf({ images }: Pick<StateView, 'images'>, name: string): readonly { readonly image: ImageRecord; readonly tag: string }[] {
  const wanted = parseReference(name).name;
  return [...images.values()]
    .flatMap((image) => image.tags.map((tag) => ({ image, tag })))
    .filter(({ tag }) => parseReference(tag).name === wanted)
    .toSorted((a, b) => (a.tag < b.tag ? -1 : 1));
}

function requirePlatform(image: ImageRecord, wanted: NonNullable<SaveRequest['platform']>, ref: string): void {
  const differs = (['os', 'architecture', 'variant'] as const).some((part) => wanted[part] !== undefined && wanted[part] !== image[part]);
  if (!differs) return;
  const text = [wanted.os, wanted.architecture, wanted.variant].filter((part) => part !== undefined).join('/');
  throw new ShiplogError('IMAGE_NOT_FOUND', `image ${ref} is not for ${text}, but for ${image.os}/${image.architecture}`, { image: ref });
}
