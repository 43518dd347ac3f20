import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Dockerignore, dockerignore, tarFile, type TarEntryInput, writeTar } from '@shiplog/oci';
import { CliError, UsageError } from '../cli-error.ts';
import { type Context, note } from '../context.ts';
import { readOrFail } from '../read-or-fail.ts';
import { contextFiles } from './context-files.ts';
import type { SentContext } from './sent-context.ts';
import { stdinContext } from './stdin-context.ts';

/**
 * The context of a build: a directory, packed as it is sent, or for `-` what stdin has. `file` is the Dockerfile: a path here, in the directory or not, `-` for stdin, or a
 * path in the tar on stdin. Throws UsageError, and CliError for what cannot be read, which may be when it is sent.
 */
export async function buildContext(context: Context, path: string, file: string | undefined): Promise<SentContext> {
  if (/^(?:https?|git|ssh):|^git@/.test(path))
    throw new UsageError('build reads no URLs', 'fetch it first by git clone, or send a tar: curl URL | shiplog build -');
  if ((path === '-' || file === '-') && context.stdin.isTTY === true)
    throw new UsageError('there is nothing to read on stdin', 'pipe a tar or a Dockerfile in');
  if (path === '-') return stdinContext(context, file);
  const root = await directoryOf(path);
  const skipped = (name: string): void => note(context, `skipped ${name}: it is a socket, a device or a fifo`);
  if (file === '-') return withDockerfile(root, await text(context.stdin), skipped);
  const hint = file === undefined ? 'name the Dockerfile with -f' : 'the path of -f is one from here, not from the context';
  const asked = file ?? join(root, 'Dockerfile');
  const dockerfile = await readOrFail(asked, realpath(asked), hint);
  const inside = relative(root, dockerfile);
  if (inside === '..' || inside.startsWith(`..${sep}`))
    return withDockerfile(root, await readOrFail(dockerfile, readFile(dockerfile, 'utf8')), skipped);
  const ignore = dockerignore((await readIgnore(root)) ?? '', [inside, '.dockerignore']);
  return { tar: packed(contextFiles(root, ignore, skipped)), dockerfile: inside };
}

/** A directory and a Dockerfile from elsewhere. That is sent under a name of its own, which the build is told to ignore, so that it is not copied into the image. */
async function withDockerfile(root: string, dockerfile: string, skipped: (path: string) => void): Promise<SentContext> {
  const name = `.dockerfile.${createHash('sha256').update(dockerfile).digest('hex').slice(0, 16)}`;
  // Where there was no .dockerignore, none is to be copied.
  const lines = `${(await readIgnore(root)) ?? '.dockerignore'}\n${name}\n`;
  const rules = dockerignore(lines);
  const files: Dockerignore = { ...rules, ignores: (path) => path === '.dockerignore' || rules.ignores(path) };
  async function* entries(): AsyncGenerator<TarEntryInput, void, undefined> {
    yield tarFile(name, Buffer.from(dockerfile));
    yield tarFile('.dockerignore', Buffer.from(lines));
    yield* contextFiles(root, files, skipped);
  }
  return { tar: packed(entries()), dockerfile: name };
}

async function* packed(entries: AsyncIterable<TarEntryInput>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* writeTar(entries);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`cannot read the context: ${reason}`, { hint: 'leave files out with lines in .dockerignore', cause });
  }
}

async function directoryOf(path: string): Promise<string> {
  if ((await readOrFail(path, stat(path))).isDirectory()) return realpath(path);
  throw new UsageError(`${path} is no directory`, 'the context is a directory, or - for a tar on stdin; -f names a Dockerfile');
}

async function readIgnore(root: string): Promise<string | undefined> {
  const file = join(root, '.dockerignore');
  const absent = (error: NodeJS.ErrnoException): undefined => {
    if (error.code !== 'ENOENT') throw error;
  };
  return readOrFail(file, readFile(file, 'utf8').catch(absent));
}
