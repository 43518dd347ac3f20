import { posix } from 'node:path';
import type { MountSpec } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';
import { invalid, refuseFields, unsupported } from './refusals.ts';

type BindPropagation = Extract<MountSpec, { type: 'bind' }>['propagation'];

const PROPAGATIONS = new Set(['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave']);
/** Words of `-v` that mean nothing here: SELinux relabelling and the consistency of Docker Desktop. */
const IGNORED_OPTIONS = new Set(['rw', 'z', 'Z', 'consistent', 'cached', 'delegated', '']);
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** All mounts of a create request: Binds, Mounts, Tmpfs, and Config.Volumes as anonymous volumes. Throws SPEC_INVALID. */
export function mountsOf(config: Fields, hostConfig: Fields): readonly MountSpec[] {
  refuseFields(hostConfig, ['VolumesFrom']);
  const volumeDriver = hostConfig.string('VolumeDriver');
  const mounts = [
    ...hostConfig.strings('Binds').map((text) => withDriver(bindOf(text), volumeDriver)),
    ...hostConfig.objects('Mounts').map(mountOf),
    ...Object.entries(hostConfig.map('Tmpfs')).map(([target, options]) => tmpfsOf(target, options)),
  ];
  const taken = new Set<string>();
  for (const { target } of mounts) {
    if (taken.has(target)) throw invalid(`Duplicate mount point: ${target}`);
    taken.add(target);
  }
  const anonymous = config.keys('Volumes').map((target) => withDriver(anonymousVolume(cleanTarget(target)), volumeDriver));
  return [...mounts, ...anonymous.filter(({ target }) => !taken.has(target))];
}

function bindOf(text: string): MountSpec {
  const parts = text.split(':');
  const [first = '', second, options = ''] = parts;
  if (parts.length > 3 || first === '') throw invalid(`invalid volume specification: '${text}'`);
  if (second === undefined) return anonymousVolume(cleanTarget(first));
  const target = cleanTarget(second, text);
  const words = options.split(',');
  const readOnly = words.includes('ro');
  const propagation = words.find((word) => PROPAGATIONS.has(word)) as BindPropagation;
  const noCopy = words.includes('nocopy');
  for (const word of words) {
    if (word !== 'ro' && word !== 'nocopy' && !PROPAGATIONS.has(word) && !IGNORED_OPTIONS.has(word)) {
      throw invalid(`invalid volume specification: '${text}': invalid mode`);
    }
  }
  if (first.startsWith('/')) {
    const source = posix.normalize(first);
    return { type: 'bind', source, target, readOnly, createSource: true, ...(propagation === undefined ? {} : { propagation }) };
  }
  if (!VOLUME_NAME.test(first)) {
    throw invalid(`invalid volume specification: '${text}': "${first}" is neither an absolute path nor a volume name`);
  }
  return { type: 'volume', source: first, target, readOnly, ...(noCopy ? { noCopy } : {}) };
}

function mountOf(mount: Fields): MountSpec {
  const type = mount.string('Type');
  const target = cleanTarget(mount.string('Target'));
  const readOnly = mount.boolean('ReadOnly');
  if (type === 'bind') return bindMountOf(mount, target, readOnly);
  if (type === 'volume') return volumeMountOf(mount, target, readOnly);
  if (type === 'tmpfs') {
    const options = mount.object('TmpfsOptions');
    const size = options.integer('SizeBytes');
    const mode = options.integer('Mode');
    return { type, target, readOnly, ...(size > 0 ? { sizeBytes: size } : {}), ...(mode > 0 ? { mode } : {}) };
  }
  if (['image', 'npipe', 'cluster'].includes(type)) throw unsupported(`Mounts: type ${type}`, 'use bind, volume or tmpfs');
  throw invalid(`invalid mount config: mount type unknown: "${type}"`);
}

function bindMountOf(mount: Fields, target: string, readOnly: boolean): MountSpec {
  const source = mount.string('Source');
  if (!source.startsWith('/'))
    throw invalid(`invalid mount config for type "bind": invalid mount path: '${source}' mount path must be absolute`);
  const options = mount.object('BindOptions');
  refuseFields(options, ['NonRecursive', 'ReadOnlyForceRecursive']);
  const propagation = options.string('Propagation');
  if (propagation !== '' && !PROPAGATIONS.has(propagation))
    throw invalid(`invalid mount config for type "bind": invalid propagation mode: ${propagation}`);
  return {
    type: 'bind',
    source: posix.normalize(source),
    target,
    readOnly,
    ...(propagation === '' ? {} : { propagation: propagation as NonNullable<BindPropagation> }),
    ...(options.boolean('CreateMountpoint') ? { createSource: true } : {}),
  };
}

function volumeMountOf(mount: Fields, target: string, readOnly: boolean): MountSpec {
  const options = mount.object('VolumeOptions');
  refuseFields(options, ['Subpath']);
  const driver = options.object('DriverConfig');
  const [driverName, driverOptions, labels] = [driver.string('Name'), driver.map('Options'), options.map('Labels')];
  const source = mount.string('Source');
  const more = {
    ...(options.boolean('NoCopy') ? { noCopy: true } : {}),
    ...(driverName === '' ? {} : { driver: driverName }),
    ...(Object.keys(driverOptions).length === 0 ? {} : { options: driverOptions }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
  if (source === '') return { ...anonymousVolume(target), readOnly, ...more };
  if (!VOLUME_NAME.test(source)) throw invalid(`invalid mount config for type "volume": "${source}" is no volume name`);
  return { type: 'volume', source, target, readOnly, ...more };
}

function tmpfsOf(path: string, text: string): MountSpec {
  const words = text.split(',').filter((word) => word !== '');
  const size = words.find((word) => word.startsWith('size='))?.slice(5);
  const mode = words.find((word) => word.startsWith('mode='))?.slice(5);
  if (mode !== undefined && !/^[0-7]{1,4}$/.test(mode)) throw invalid(`invalid tmpfs option "mode=${mode}"`);
  return {
    type: 'tmpfs',
    target: cleanTarget(path),
    readOnly: words.includes('ro'),
    ...(size === undefined ? {} : { sizeBytes: bytesOf(size) }),
    ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
    options: words.filter((word) => !word.startsWith('size=') && !word.startsWith('mode=') && word !== 'ro' && word !== 'rw'),
  };
}

function bytesOf(size: string): number {
  const match = /^(\d{1,12})([kmg]?)b?$/i.exec(size);
  if (match === null) throw invalid(`invalid tmpfs option "size=${size}"`);
  return Number(match[1]) * 1024 ** ['', 'k', 'm', 'g'].indexOf((match[2] ?? '').toLowerCase());
}

/** Of volumes that a container brings into being: `--volume-driver`. */
function withDriver(mount: MountSpec, driver: string): MountSpec {
  return mount.type === 'volume' && driver !== '' ? { ...mount, driver } : mount;
}

function anonymousVolume(target: string): Extract<MountSpec, { type: 'volume' }> {
  return { type: 'volume', source: '', target, readOnly: false, anonymous: true };
}

/** `specification` is what the path was taken from: whole, it shows what in it is a secret. */
function cleanTarget(path: string, specification = path): string {
  if (!path.startsWith('/')) throw invalid(`invalid mount path: '${specification}' mount path must be absolute`);
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, '');
  if (clean === '/') throw invalid("invalid specification: destination can't be '/'");
  return clean;
}
