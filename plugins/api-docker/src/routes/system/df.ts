import { type ContainerRecord, type DiskUsage, ShiplogError, type StateView, type UsageKind } from '@shiplog/contracts';
import type { Exchange } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';
import { type ApiVersion, atLeast } from '../../http/version.ts';
import { newestContainers } from '../../translate/container-filter.ts';
import { containerSummary } from '../../translate/container-summary.ts';
import { imageSummary } from '../../translate/image-summary.ts';
import { newestFirst } from '../../translate/newest-first.ts';
import { nowNanoseconds } from '../../translate/time.ts';
import { volumeInspect } from '../../translate/volume-inspect.ts';

/** Docker's words for what takes space. */
const KINDS: ReadonlyMap<string, UsageKind | 'build-cache'> = new Map([
  ['image', 'images'],
  ['container', 'containers'],
  ['volume', 'volumes'],
  ['build-cache', 'build-cache'],
]);

/** What could not be measured, or not be told. */
const UNKNOWN = -1;

/** What there is of a kind: the summaries that API 1.52 has, without their items. Told in every version, for who knows them. */
interface Summary {
  readonly TotalCount: number;
  readonly ActiveCount: number;
  /** Bytes. */
  readonly TotalSize: number;
  readonly Reclaimable: number;
}

/** `GET /system/df`: what is on disk, measured now. `type`, which may repeat, chooses from API 1.42 on; images and containers stand the newest first; what was not asked for is null. */
export async function diskUsage({ engine, query, response, version, gone }: Exchange): Promise<void> {
  const asked = kindsOf(query, version);
  const kinds = [...asked].filter((kind) => kind !== 'build-cache');
  const usage = await engine.diskUsage(new Set(kinds), gone);
  json(response, 200, {
    LayersSize: usage.images?.bytes ?? 0,
    Images: imagesOf(usage, version),
    Containers: containersOf(usage),
    Volumes: volumesOf(usage),
    // There is none: images are not built here.
    BuildCache: asked.has('build-cache') ? [] : null,
    ...(atLeast(version, '1.42') ? {} : { BuilderSize: 0 }),
    ...summariesOf(usage),
  });
}

function kindsOf(query: URLSearchParams, version: ApiVersion): ReadonlySet<UsageKind | 'build-cache'> {
  const words = atLeast(version, '1.42') ? query.getAll('type') : [];
  if (words.length === 0) return new Set(KINDS.values());
  return new Set(
    words.map((word) => {
      const kind = KINDS.get(word);
      if (kind === undefined) throw new ShiplogError('REQUEST_INVALID', `unknown object type: ${word}`, { type: word });
      return kind;
    }),
  );
}

function summariesOf({ view, images, containers, volumes }: DiskUsage): { readonly [kind: string]: Summary } {
  const [all, used, mounted] = [[...view.containers.values()], new Set<string>(), new Set(mountedVolumes(view))];
  for (const { imageId } of all) used.add(imageId);
  const active = all.filter(({ status }) => ['running', 'paused', 'restarting'].includes(status));
  const own = (of: readonly ContainerRecord[]): number => sum(of.map(({ id }) => containers?.get(id)?.own ?? 0));
  const held = (names: readonly string[]): number => sum(names.map((name) => volumes?.get(name) ?? 0));
  const names = [...view.volumes.keys()];
  const summaries: { [kind: string]: Summary } = {};
  if (images !== undefined) {
    const { bytes, reclaimable } = images;
    summaries['ImageUsage'] = { TotalCount: view.images.size, ActiveCount: used.size, TotalSize: bytes, Reclaimable: reclaimable };
  }
  if (containers !== undefined) {
    const total = own(all);
    summaries['ContainerUsage'] = {
      TotalCount: all.length,
      ActiveCount: active.length,
      TotalSize: total,
      Reclaimable: total - own(active),
    };
  }
  if (volumes !== undefined) {
    const free = names.filter((name) => !mounted.has(name));
    summaries['VolumeUsage'] = {
      TotalCount: names.length,
      ActiveCount: names.length - free.length,
      TotalSize: held(names),
      Reclaimable: held(free),
    };
  }
  return summaries;
}

function imagesOf({ view, images }: DiskUsage, version: ApiVersion): readonly object[] | null {
  if (images === undefined) return null;
  const users = countOf([...view.containers.values()].map(({ imageId }) => imageId));
  return newestFirst([...view.images.values()]).map((image) => {
    const { bytes, shared } = images.of.get(image.id) ?? { bytes: UNKNOWN, shared: UNKNOWN };
    return imageSummary(image, version, { bytes, shared, containers: users.get(image.id) ?? 0 });
  });
}

function containersOf({ view, containers }: DiskUsage): readonly object[] | null {
  if (containers === undefined) return null;
  const now = nowNanoseconds();
  return newestContainers(view).map((container) =>
    containerSummary(container, view, { now, size: containers.get(container.id) ?? { own: UNKNOWN, rootfs: UNKNOWN } }),
  );
}

function volumesOf({ view, volumes }: DiskUsage): readonly object[] | null {
  if (volumes === undefined) return null;
  const users = countOf(mountedVolumes(view));
  return [...view.volumes.values()].map((volume) => ({
    ...volumeInspect(volume),
    UsageData: { Size: volumes.get(volume.name) ?? UNKNOWN, RefCount: users.get(volume.name) ?? 0 },
  }));
}

/** A name for each container that mounts it, running or not. */
function mountedVolumes(view: StateView): readonly string[] {
  return [...view.containers.values()].flatMap(({ spec }) => [
    ...new Set(spec.mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.source] : []))),
  ]);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function countOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
