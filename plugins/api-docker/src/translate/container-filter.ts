import { type ContainerRecord, ShiplogError, type StateView } from '@shiplog/contracts';
import type { Filters } from '../http/filters.ts';
import { isUp } from './container-status.ts';
import { labelsOf } from './effective-config.ts';
import { networksOf, publishedPorts } from './endpoint-settings.ts';
import { healthStatus } from './healthcheck.ts';
import { expandPorts } from './ports.ts';

const KEYS = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];
const STATUSES = new Set(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']);
const HEALTHS = new Set(['none', 'starting', 'healthy', 'unhealthy']);

export interface ListOptions {
  readonly all: boolean;
  /** Newest so many, running or not; 0 for all. */
  readonly limit: number;
}

/** Containers that `GET /containers/json` lists, newest first. Throws FILTER_INVALID, and CONTAINER_NOT_FOUND for before and since. */
export function filterContainers(view: StateView, filters: Filters, options: ListOptions): readonly ContainerRecord[] {
  filters.only(...KEYS);
  filters.among('status', STATUSES).among('health', HEALTHS);
  const stopped = options.all || options.limit > 0 || filters.has('status') || filters.has('before') || filters.has('since');
  const matches = matcher(view, filters);
  const found = newestContainers(view).filter((container) => (stopped || isUp(container)) && matches(container));
  return options.limit > 0 ? found.slice(0, options.limit) : found;
}

/** Every container, the newest first. */
export function newestContainers(view: StateView): readonly ContainerRecord[] {
  return [...view.containers.values()].toSorted((a, b) => compare(b, a));
}

function matcher(view: StateView, filters: Filters): (container: ContainerRecord) => boolean {
  const before = filters.get('before').map((ref) => view.container(ref));
  const since = filters.get('since').map((ref) => view.container(ref));
  const ancestors = ancestorsOf(view, filters.get('ancestor'));
  const exited = filters.get('exited').map((code) => exitCode(code));
  const isTask = filters.flag('is-task') ?? false;
  const exposed = filters.get('expose').flatMap(portKeys);
  const published = filters.get('publish').flatMap(portKeys);
  return (container) =>
    !isTask &&
    filters.pattern('id', container.id) &&
    filters.pattern('name', container.name, `/${container.name}`) &&
    filters.labels('label', labelsOf(container.spec, view.images.get(container.imageId))) &&
    filters.exact('status', container.status) &&
    filters.exact('health', healthStatus(container)) &&
    filters.exact('isolation', 'default', '') &&
    before.every((other) => compare(container, other) < 0) &&
    since.every((other) => compare(container, other) > 0) &&
    (exited.length === 0 || (!isUp(container) && container.startedAt !== '' && exited.includes(container.exitCode))) &&
    (!filters.has('ancestor') || ancestors.has(container.imageId)) &&
    (exposed.length === 0 || container.spec.exposedPorts.some((port) => exposed.includes(port))) &&
    (published.length === 0 || portsPublished(container).some((port) => published.includes(port))) &&
    (!filters.has('network') || joins(container, view, filters)) &&
    (!filters.has('volume') ||
      container.spec.mounts.some((mount) => filters.exact('volume', mount.target, 'source' in mount ? mount.source : mount.target)));
}

/** Order of creation; ids decide between equals. */
function compare(a: ContainerRecord, b: ContainerRecord): number {
  const difference = BigInt(a.createdAt || '0') - BigInt(b.createdAt || '0');
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Images named, and images that are built upon them: those whose lowest layers are theirs. */
function ancestorsOf(view: StateView, references: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const reference of references) {
    const ancestor = imageOrNothing(view, reference);
    if (ancestor === undefined) continue;
    const top = ancestor.layers.at(-1)?.chainId;
    for (const image of view.images.values()) {
      if (image.id === ancestor.id || (top !== undefined && image.layers.some(({ chainId }) => chainId === top))) found.add(image.id);
    }
  }
  return found;
}

function imageOrNothing(view: StateView, reference: string): ReturnType<StateView['image']> | undefined {
  try {
    return view.image(reference);
  } catch (error) {
    if (error instanceof ShiplogError && error.code === 'IMAGE_NOT_FOUND') return undefined;
    throw error;
  }
}

function joins(container: ContainerRecord, view: StateView, filters: Filters): boolean {
  const networks = networksOf(container, view);
  return Object.entries(networks).some(([name, settings]) => {
    const id = 'NetworkID' in settings && typeof settings.NetworkID === 'string' ? settings.NetworkID : '';
    return filters.get('network').some((wanted) => wanted === name || (wanted !== '' && id.startsWith(wanted)));
  });
}

/** Ports of the host, as in Docker: `expose` asks for those of the container. */
function portsPublished(container: ContainerRecord): readonly string[] {
  return publishedPorts(container).map(({ hostPort, protocol }) => `${hostPort}/${protocol}`);
}

function portKeys(text: string): readonly string[] {
  return expandPorts(text).map(({ port, protocol }) => `${port}/${protocol}`);
}

function exitCode(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new ShiplogError('FILTER_INVALID', `invalid filter 'exited=${text}'`);
  return Number(text);
}
