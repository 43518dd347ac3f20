import type { ImageRecord, StateView } from '@shiplog/contracts';

/** Answer of `GET /images/{name}/history`, newest first. A layer's size is that of its blob. Lines that a build made here have the ids of the images on its way. */
export function imageHistory(image: ImageRecord, { images }: Pick<StateView, 'images'>): readonly object[] {
  let layer = 0;
  const lines = image.history.map((entry) => {
    const size = entry.empty_layer === true ? 0 : (image.layers[layer]?.size ?? 0);
    if (entry.empty_layer !== true) layer += 1;
    const created = Date.parse(entry.created ?? '');
    return {
      Id: '<missing>',
      Created: Number.isNaN(created) ? 0 : Math.floor(created / 1000),
      CreatedBy: entry.created_by ?? '',
      Tags: null as readonly string[] | null,
      Size: size,
      Comment: entry.comment ?? '',
    };
  });
  for (let at: ImageRecord | undefined = image; at !== undefined; at = at.parent === undefined ? undefined : images.get(at.parent)) {
    const line = lines[at.history.length - 1];
    if (line === undefined) break;
    line.Id = at.id;
    line.Tags = at.tags.length === 0 ? null : at.tags;
  }
  return lines.toReversed();
}
