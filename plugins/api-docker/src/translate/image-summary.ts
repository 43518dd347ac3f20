import type { ImageRecord } from '@shiplog/contracts';
import { type ApiVersion, atLeast } from '../http/version.ts';
import { virtualSize } from './image-inspect.ts';

/** What was measured of an image: bytes on disk, those of them that others need, too, and how many containers were made from it. */
export interface ImageUsage {
  readonly bytes: number;
  readonly shared: number;
  readonly containers: number;
}

/** One entry of `GET /images/json`, or of `GET /system/df` with what was measured. */
export function imageSummary(image: ImageRecord, version: ApiVersion, usage?: ImageUsage): object {
  const size = usage?.bytes ?? image.size;
  return {
    Containers: usage?.containers ?? -1,
    Created: createdSeconds(image),
    Id: image.id,
    Labels: image.config.Labels ?? null,
    ParentId: image.parent ?? '',
    ...namesOf(image, version),
    SharedSize: usage?.shared ?? -1,
    Size: size,
    ...virtualSize(size, version),
  };
}

/** Before API 1.43 an image without any name has one that says so. */
function namesOf({ tags, repoDigests }: ImageRecord, version: ApiVersion): object {
  const isNameless = tags.length === 0 && repoDigests.length === 0 && !atLeast(version, '1.43');
  return isNameless ? { RepoDigests: ['<none>@<none>'], RepoTags: ['<none>:<none>'] } : { RepoDigests: repoDigests, RepoTags: tags };
}

/** Unix seconds of the image's own creation time; 0 when it has none. */
export function createdSeconds(image: Pick<ImageRecord, 'created'>): number {
  const time = Date.parse(image.created);
  return Number.isNaN(time) ? 0 : Math.floor(time / 1000);
}
