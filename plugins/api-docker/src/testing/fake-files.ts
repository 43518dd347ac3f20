import { type PathStat, ShiplogError } from '@shiplog/contracts';

const MODIFIED = '1767225600123456789';

/** What every container of the fake engine has. */
export const FAKE_FILES: { readonly [path: string]: PathStat } = {
  '/etc': { name: 'etc', size: 4096, mode: 0o040755, modifiedAt: MODIFIED, linkTarget: '' },
  '/etc/hostname': { name: 'hostname', size: 5, mode: 0o100644, modifiedAt: MODIFIED, linkTarget: '' },
  '/bin/su': { name: 'su', size: 1, mode: 0o104755, modifiedAt: MODIFIED, linkTarget: '' },
  '/tmp': { name: 'tmp', size: 4096, mode: 0o041777, modifiedAt: MODIFIED, linkTarget: '' },
  '/dev/null': { name: 'null', size: 0, mode: 0o020666, modifiedAt: MODIFIED, linkTarget: '' },
  '/etc/mtab': { name: 'mtab', size: 12, mode: 0o120777, modifiedAt: MODIFIED, linkTarget: '/proc/1/mounts' },
};

/** Throws PATH_NOT_FOUND. */
export function fakeStat(path: string): PathStat {
  const stat = FAKE_FILES[path];
  if (stat === undefined) throw new ShiplogError('PATH_NOT_FOUND', `Could not find the file ${path} in the container`, { path });
  return stat;
}

/** Stands for a tar. */
export async function* fakeTar(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(text);
}
