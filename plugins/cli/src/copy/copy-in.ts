import { lstat, stat } from 'node:fs/promises';
import { posix, resolve } from 'node:path';
import { ApiError, type DockerClient, type PathStat } from '@shiplog/client';
import { CliError } from '../cli-error.ts';
import { meansContent, meansDirectory } from './copy-argument.ts';

/** Where a copy goes: a directory of the container, and what it is to be called there; `.` for what is in a directory alone. */
export interface Destination {
  readonly directory: string;
  readonly name: string;
}

/** Go's os.FileMode. */
export function isDirectory({ mode }: PathStat): boolean {
  return mode >= 2 ** 31;
}

export function isLink({ mode }: PathStat): boolean {
  return Math.floor(mode / 2 ** 27) % 2 === 1;
}

/** What is at a path of a container, links followed; undefined where there is nothing. */
export async function statFollowed(
  docker: DockerClient,
  container: string,
  path: string,
): Promise<(PathStat & { readonly at: string }) | undefined> {
  try {
    const found = await docker.statPath(container, path);
    if (!isLink(found)) return { ...found, at: path };
    return { ...(await docker.statPath(container, found.linkTarget)), at: found.linkTarget };
  } catch (error) {
    // Whether the container is there tells the copy itself.
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** What is to be copied into a container: a path here, and whether a link at its end is followed. */
export interface Source {
  readonly path: string;
  readonly follow: boolean;
}

/** Where `source` comes to lie at `path` of a container. Throws CliError as `docker cp` does. */
export async function destinationOf(docker: DockerClient, container: string, source: Source, path: string): Promise<Destination> {
  const isTree = (await statHere(source)).isDirectory();
  const there = await statFollowed(docker, container, path);
  if (there !== undefined && isDirectory(there)) {
    return { directory: there.at, name: isTree && meansContent(source.path) ? '.' : posix.basename(resolve(source.path)) };
  }
  if (there !== undefined) {
    if (isTree) throw new CliError(`cannot copy a directory: ${path} is a file in the container`);
    return { directory: posix.dirname(there.at), name: posix.basename(there.at) };
  }
  if (!isTree && meansDirectory(path))
    throw new CliError(`destination directory "${path}" must exist`, { hint: 'make it in the container first' });
  const clean = posix.join('/', path);
  return { directory: posix.dirname(clean), name: posix.basename(clean) };
}

async function statHere({ path, follow }: Source) {
  try {
    return follow || meansDirectory(path) ? await stat(path) : await lstat(path);
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
