import { ShiplogError } from '@shiplog/contracts';

const PATH_LIMIT_BYTES = 4096;
const NAME_LIMIT_BYTES = 255;

/**
 * A path of an archive as a clean path relative to the root: no `.`, no `..`, no doubled slash, no slash at either end; `.` is
 * the root itself. An absolute path counts from the same root. `..` is resolved by its letters, never through a symlink.
 *
 * Throws ARCHIVE_ESCAPES when `..` leaves the root; ARCHIVE_INVALID for an empty path, a NUL, a name over 255 bytes, a path over 4096.
 */
export function cleanLayerPath(path: string): string {
  if (path === '') throw bad('ARCHIVE_INVALID', path, 'has an entry without a name');
  if (path.includes('\0')) throw bad('ARCHIVE_INVALID', path, 'has a NUL in a name');
  if (Buffer.byteLength(path) > PATH_LIMIT_BYTES) throw bad('ARCHIVE_INVALID', path, `has a path of more than ${PATH_LIMIT_BYTES} bytes`);
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (names.pop() === undefined) throw bad('ARCHIVE_ESCAPES', path, 'has an entry that points outside its root');
    } else if (Buffer.byteLength(name) > NAME_LIMIT_BYTES) {
      throw bad('ARCHIVE_INVALID', path, `has a name of more than ${NAME_LIMIT_BYTES} bytes`);
    } else names.push(name);
  }
  return names.length === 0 ? '.' : names.join('/');
}

/** The last name of a clean path, and the path of the directory it is in. */
export function splitLayerPath(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? { parent: '.', name: path } : { parent: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** `name` in the directory `parent`, both clean. */
export function joinLayerPath(parent: string, name: string): string {
  return parent === '.' ? name : `${parent}/${name}`;
}

function bad(code: 'ARCHIVE_INVALID' | 'ARCHIVE_ESCAPES', path: string, how: string): ShiplogError {
  return new ShiplogError(code, `the archive ${how}: ${JSON.stringify(path.slice(0, 200))}`, { path: path.slice(0, 200) });
}
