import type { PruneAnswer } from '@shiplog/client';
import { formatBytes } from '../format/bytes.ts';
import { removedImageLine } from '../format/removed-image.ts';

/** What went, for people: kind by kind, those of which nothing did left out, and how much came free. */
export function prunedLines({
  ContainersDeleted,
  NetworksDeleted,
  VolumesDeleted,
  ImagesDeleted,
  SpaceReclaimed,
}: PruneAnswer): readonly string[] {
  const parts = [
    part('Deleted Containers:', ContainersDeleted),
    part('Deleted Networks:', NetworksDeleted),
    part('Deleted Volumes:', VolumesDeleted),
    part('Deleted Images:', ImagesDeleted?.map(removedImageLine)),
  ].flat();
  if (SpaceReclaimed !== undefined) return [...parts, `Total reclaimed space: ${formatBytes(SpaceReclaimed)}`];
  return parts.length === 0 ? ['Nothing to remove'] : parts.slice(0, -1);
}

function part(title: string, names: readonly string[] | null | undefined): readonly string[] {
  return names === undefined || names === null || names.length === 0 ? [] : [title, ...names, ''];
}
