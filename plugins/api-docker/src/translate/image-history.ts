import type { ImageRecord } from '@shiplog/contracts';

/** Answer of `GET /images/{name}/history`, newest first. A layer's size is that of its blob. */
export function imageHistory(image: ImageRecord): readonly object[] {
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
  const top = lines.at(-1);
  if (top !== undefined) {
    top.Id = image.id;
    top.Tags = image.tags.length === 0 ? null : image.tags;
  }
  return lines.toReversed();
}
