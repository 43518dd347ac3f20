import { resolve } from 'node:path';
import type { Mount } from '@shiplog/client';
import { UsageError } from '../cli-error.ts';
import { splitOnce } from './key-values.ts';
import { parseSize } from './size.ts';

/** Reads `--volume`: what binds something, and which paths become anonymous volumes. A relative host path begins with a dot. */
export function parseVolumes(volumes: readonly string[]): { readonly binds: string[]; readonly anonymous: Record<string, object> } {
  const binds: string[] = [];
  const anonymous: Record<string, object> = {};
  for (const text of volumes) {
    const parts = text.split(':');
    const [source = '', target] = parts;
    if (source === '' || target === '' || parts.length > 3) {
      throw new UsageError(`--volume "${text}" cannot be read`, 'give [hostPath|volume:]containerPath[:ro]');
    }
    if (target === undefined) anonymous[source] = {};
    else binds.push([source.startsWith('.') ? resolve(source) : source, ...parts.slice(1)].join(':'));
  }
  return { binds, anonymous };
}

/** Reads `--tmpfs`: path and options. */
export function parseTmpfs(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const [path, options] = splitOnce(entry, ':');
      return [path, options ?? ''];
    }),
  );
}

const MOUNT_FORM = 'give comma-separated fields: type=bind|volume|tmpfs,source=…,target=…[,readonly]';

/** Reads one `--mount`. Throws UsageError for a field that is unknown or does not fit the type. */
export function parseMount(text: string): Mount {
  const mount: Mount = { Type: 'volume', Target: '' };
  for (const field of text.split(',')) {
    const [rawName, value = ''] = splitOnce(field, '=');
    const name = rawName.trim().toLowerCase();
    const flag = `--mount ${name}`;
    if (name === 'type') mount.Type = value.toLowerCase();
    else if (name === 'source' || name === 'src') mount.Source = value.startsWith('.') ? resolve(value) : value;
    else if (name === 'target' || name === 'dst' || name === 'destination') mount.Target = value;
    else if (name === 'readonly' || name === 'ro') mount.ReadOnly = isOn(flag, field, value);
    else if (name === 'bind-propagation') mount.BindOptions = { ...mount.BindOptions, Propagation: value.toLowerCase() };
    else if (name === 'bind-create-src') mount.BindOptions = { ...mount.BindOptions, CreateMountpoint: isOn(flag, field, value) };
    else if (name === 'volume-nocopy') mount.VolumeOptions = { ...mount.VolumeOptions, NoCopy: isOn(flag, field, value) };
    else if (name === 'tmpfs-size') mount.TmpfsOptions = { ...mount.TmpfsOptions, SizeBytes: parseSize(flag, value) };
    else if (name === 'tmpfs-mode') mount.TmpfsOptions = { ...mount.TmpfsOptions, Mode: octal(flag, value) };
    else throw new UsageError(`--mount has no field "${rawName}"`, MOUNT_FORM);
  }
  checkMount(mount, text);
  return mount;
}

function checkMount(mount: Mount, text: string): void {
  const wrong = (why: string): UsageError => new UsageError(`--mount "${text}": ${why}`, MOUNT_FORM);
  if (!['bind', 'volume', 'tmpfs'].includes(mount.Type)) throw wrong(`type "${mount.Type}" is not supported`);
  if (mount.Target === '') throw wrong('the target is missing');
  if (mount.Type === 'bind' && mount.Source === undefined) throw wrong('a bind needs a source');
  if (mount.Type === 'tmpfs' && mount.Source !== undefined) throw wrong('a tmpfs has no source');
  if (mount.BindOptions !== undefined && mount.Type !== 'bind') throw wrong('bind-… fields need type=bind');
  if (mount.VolumeOptions !== undefined && mount.Type !== 'volume') throw wrong('volume-… fields need type=volume');
  if (mount.TmpfsOptions !== undefined && mount.Type !== 'tmpfs') throw wrong('tmpfs-… fields need type=tmpfs');
}

function isOn(flag: string, field: string, value: string): boolean {
  if (!field.includes('=') || ['1', 'true'].includes(value)) return true;
  if (['0', 'false'].includes(value)) return false;
  throw new UsageError(`${flag} is true or false, not "${value}"`);
}

function octal(flag: string, value: string): number {
  if (!/^[0-7]+$/.test(value)) throw new UsageError(`${flag} "${value}" is no octal mode`);
  return Number.parseInt(value, 8);
}
