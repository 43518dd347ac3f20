import {
  type ContainerSpec,
  type Givens,
  type ImageRecord,
  type MountSpec,
  type NamespaceMode,
  ShiplogError,
  type StateView,
} from '@shiplog/contracts';
import { generateName } from '../names/generate-name.ts';
import { joinedNetworks } from '../network/joined-networks.ts';
import { leaseAddress } from '../network/lease-address.ts';
import { findContainerByName } from '../projections/find-container.ts';
import { isBeingRemoved } from '../projections/is-being-removed.ts';
import { shortId } from '../projections/short-id.ts';
import { checkContainerName, requireFreeName } from './container-name.ts';
import { checkSpec } from './check-spec.ts';
import { mergeArgv } from './merge-argv.ts';
import { takeId } from './take-id.ts';
import type { Decider } from './verdict.ts';

/**
 * `givens.ids[0]` is the container's id; the next ones name the spec's volumes that have no name, and then those for the
 * image's `VOLUME` paths that the spec does not mount itself. The decided spec has every volume named, and every
 * `container:` reference resolved to an id.
 */
export const decideContainerCreate: Decider<'container.create'> = (view, { args, givens }) => {
  const id = takeId(givens, 0);
  const name = args.name === undefined || args.name === '' ? undefined : checkContainerName(args.name);
  const image = view.image(args.spec.image);
  requireSettled(view, image);
  checkSpec(args.spec);
  const argv = mergeArgv(args.spec, image.config);
  if (argv.length === 0 || argv[0] === '') throw new ShiplogError('SPEC_INVALID', 'No command specified', { image: args.spec.image });
  const spec = withNamedVolumes(withResolvedModes(view, args.spec), image, givens);
  checkNetworks(view, spec);
  checkVolumes(view, spec);
  if (name !== undefined) requireFreeName(view, name);
  const { defaults } = givens;
  const decided = {
    id,
    name: name ?? generateName(id, (candidate) => findContainerByName(view.containers, candidate) !== undefined),
    spec,
    imageId: image.id,
    argv,
    storageDriver: image.storageDriver === '' ? defaults.storageDriver : image.storageDriver,
    runtime: spec.runtime ?? defaults.runtime,
    logDriver: spec.logDriver === '' ? defaults.logDriver : spec.logDriver,
    logPath: `${defaults.logRoot}/${id}/${id}-json.log`,
  };
  return { decided, expected: 'no-stream', tags: [`name:${decided.name}`] };
};

/** Nobody builds on layers that are on their way. */
function requireSettled(view: StateView, { id }: ImageRecord): void {
  for (const { verb, stream } of view.openOperations.values()) {
    if (verb !== 'image.migrate' || stream !== `image/${id}`) continue;
    throw new ShiplogError('IMAGE_IN_USE', `image ${shortId(id)} is going to another storage driver; try again when it is there`, {
      image: id,
    });
  }
}

/** Paths the image wants on volumes and the spec does not mount itself. */
export function imageVolumePaths(spec: ContainerSpec, image: ImageRecord): readonly string[] {
  const mounted = new Set(spec.mounts.map(({ target }) => target));
  return Object.keys(image.config.Volumes ?? {})
    .map((path) => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path))
    .filter((path) => path.startsWith('/') && path !== '/' && !mounted.has(path))
    .toSorted();
}

/** How many volumes a container needs names for. */
export function namelessVolumes(spec: ContainerSpec, image: ImageRecord): number {
  return spec.mounts.filter(isNameless).length + imageVolumePaths(spec, image).length;
}

function isNameless(mount: MountSpec): boolean {
  return mount.type === 'volume' && mount.source === '';
}

function withNamedVolumes(spec: ContainerSpec, image: ImageRecord, givens: Givens): ContainerSpec {
  const added = imageVolumePaths(spec, image).map((target): MountSpec => ({ type: 'volume', source: '', target, readOnly: false }));
  const mounts = [...spec.mounts, ...added];
  if (!mounts.some(isNameless)) return spec;
  let next = 1;
  const name = (): string => takeId(givens, next++);
  return {
    ...spec,
    mounts: mounts.map((mount) => (mount.type === 'volume' && isNameless(mount) ? { ...mount, source: name(), anonymous: true } : mount)),
  };
}

function withResolvedModes(view: StateView, spec: ContainerSpec): ContainerSpec {
  const resolve = (mode: NamespaceMode): NamespaceMode => (mode.startsWith('container:') ? `container:${targetOf(view, mode)}` : mode);
  const { networkMode } = spec;
  return {
    ...spec,
    networkMode: networkMode.startsWith('container:') ? `container:${targetOf(view, networkMode)}` : networkMode,
    ipcMode: resolve(spec.ipcMode),
    pidMode: resolve(spec.pidMode),
    utsMode: resolve(spec.utsMode),
    cgroupnsMode: resolve(spec.cgroupnsMode),
  };
}

function targetOf(view: StateView, mode: string): string {
  return view.container(mode.slice('container:'.length)).id;
}

/** All networks exist, and an address asked for fits its subnet. Whether it is free is decided at start. */
function checkNetworks(view: StateView, spec: ContainerSpec): void {
  const joined = joinedNetworks(view, spec, (error) => {
    throw error;
  });
  for (const { network, request } of joined) leaseAddress(network, new Map(), request.ipv4);
}

function checkVolumes(view: StateView, spec: ContainerSpec): void {
  for (const mount of spec.mounts) {
    if (mount.type === 'volume' && isBeingRemoved(view, `volume/${mount.source}`)) {
      throw new ShiplogError('VOLUME_IN_USE', `volume ${mount.source} is being removed, try again when it is done`, {
        volume: mount.source,
      });
    }
  }
}
