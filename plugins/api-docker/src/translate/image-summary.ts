import type { ImageRecord } from '@shiplog/contracts';
import type { ApiVersion } from '../http/version.ts';
import { virtualSize } from './image-inspect.ts';

/** One entry of `GET /images/json`. */
export function imageSummary(image: ImageRecord, version: ApiVersion): object {
  return {
    Containers: -1,
    Created: createdSeconds(image),
    Id: image.id,
    Labels: image.config.Labels ?? null,
    ParentId: '',
    RepoDigests: image.repoDigests,
    RepoTags: image.tags,
    SharedSize: -1,
    Size: image.size,
    ...virtualSize(image, version),
  };
}

/** Unix seconds of the image's own creation time; 0 when it has none. */
export function createdSeconds(image: Pick<ImageRecord, 'created'>): number {
  const time = Date.parse(image.created);
  return Number.isNaN(time) ? 0 : Math.floor(time / 1000);
}
