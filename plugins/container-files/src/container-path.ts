import { posix } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';

/** A path as a client asked for it. */
export interface ContainerPath {
  /** Absolute and clean, without a `/` or `/.` at its end. */
  readonly path: string;
  /** What it is called: its last name, `/` for the root, `.` where the path ends so. */
  readonly name: string;
  /** A `/` or `/.` at its end, or the root: a directory is meant, and a link is followed to it. */
  readonly directory: boolean;
}

/** Reads a path as Docker does: relative ones begin at the root, `..` takes back the name before it. Throws REQUEST_INVALID. */
export function containerPath(asked: string): ContainerPath {
  if (asked === '' || asked.includes('\0')) {
    throw new ShiplogError('REQUEST_INVALID', 'a path in the container is required, without a zero byte', { path: asked });
  }
  const clean = posix.normalize(`/${asked}`);
  const path = clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
  const current = posix.basename(asked) === '.' && path !== '/';
  return {
    path,
    name: current ? '.' : path === '/' ? '/' : posix.basename(path),
    directory: current || asked.endsWith('/') || path === '/',
  };
}
