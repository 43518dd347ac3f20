import type { Verb } from './verbs.ts';

/** Drivers that an engine is composed with, and what of them is to be tried. */
export interface Shelf {
  readonly name: string;
  readonly storageDriver: string;
  readonly logDriver: string;
  /** As of `docker run --runtime`. */
  readonly runtime: string;
  /** Of the network that containers join; `bridge`, `host` and `none` are there, others are made. */
  readonly networkDriver: string;
  /** Of the volume that containers use. `example` is one of a plugin that speaks Docker's protocol. */
  readonly volumeDriver: string;
  /** Verbs that are killed; all if absent. */
  readonly verbs?: readonly Verb[];
}

const USUAL = {
  storageDriver: 'overlay',
  logDriver: 'json-file',
  runtime: 'crun',
  networkDriver: 'bridge',
  volumeDriver: 'local',
} as const;

/** What moves a container on the host. */
const LIFE: readonly Verb[] = ['container.start', 'container.stop', 'container.remove'];
const IMAGES: readonly Verb[] = ['image.load', 'image.remove', 'image.migrate', 'image.commit'];

/** The drivers an engine has by default, with every verb. */
export const DEFAULT_SHELF: Shelf = { ...USUAL, name: 'default' };

/** And every other one by the verbs that touch it. */
export const SHELVES: readonly Shelf[] = [
  DEFAULT_SHELF,
  {
    ...USUAL,
    name: 'vfs',
    storageDriver: 'vfs',
    verbs: [...IMAGES, 'container.create', 'container.migrate', 'container.extract', 'container.archive', ...LIFE],
  },
  {
    ...USUAL,
    name: 'btrfs',
    storageDriver: 'btrfs',
    verbs: [...IMAGES, 'container.create', 'container.migrate', 'container.extract', 'container.archive', ...LIFE],
  },
  { ...USUAL, name: 'runc', runtime: 'runc', verbs: [...LIFE, 'container.pause', 'exec.start'] },
  { ...USUAL, name: 'lxc', runtime: 'lxc', verbs: [...LIFE, 'container.pause', 'exec.start'] },
  { ...USUAL, name: 'local', logDriver: 'local', verbs: LIFE },
  { ...USUAL, name: 'no log', logDriver: 'none', verbs: LIFE },
  // Nobody listens: what a container prints waits in its spool. These print nothing.
  ...(['syslog', 'fluentd', 'journald'] as const).map((logDriver) => ({ ...USUAL, name: logDriver, logDriver, verbs: LIFE })),
  { ...USUAL, name: 'host', networkDriver: 'host', verbs: LIFE },
  { ...USUAL, name: 'none', networkDriver: 'none', verbs: LIFE },
  { ...USUAL, name: 'macvlan', networkDriver: 'macvlan', verbs: ['network.create', 'network.remove', 'network.prune', ...LIFE] },
  { ...USUAL, name: 'cni', networkDriver: 'cni', verbs: ['network.create', 'network.remove', 'network.prune', ...LIFE] },
  {
    ...USUAL,
    name: 'volume-plugin',
    volumeDriver: 'example',
    verbs: ['volume.create', 'volume.remove', 'volume.prune', 'container.extract', 'container.archive', ...LIFE],
  },
];

/** As many others at once as go together, for tests. */
export const MIXED_SHELVES: readonly Shelf[] = [
  {
    name: 'vfs, macvlan, runc, local, volume plugin',
    storageDriver: 'vfs',
    logDriver: 'local',
    runtime: 'runc',
    networkDriver: 'macvlan',
    volumeDriver: 'example',
    verbs: ['network.create', 'volume.create', 'container.start', 'container.remove'],
  },
  {
    ...USUAL,
    name: 'btrfs, none',
    storageDriver: 'btrfs',
    networkDriver: 'none',
    verbs: ['image.load', 'container.start', 'container.remove'],
  },
  { ...USUAL, name: 'host', networkDriver: 'host', verbs: ['container.start'] },
];
