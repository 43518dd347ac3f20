import { access, writeFile } from 'node:fs/promises';
import { ApiError, type Client } from '@shiplog/client';
import { CliError, UsageError } from '../cli-error.ts';
import { type Context, note } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { consoleSize } from '../terminal/session.ts';
import { pullImage } from '../pull-image.ts';
import { type CreateFlags, createRequest } from './create-request.ts';

/** Creates the container that the flags describe, and answers its id. Warnings go to stderr, the id to `--cidfile`. */
export async function createContainer(
  context: Context,
  client: Client,
  flags: CreateFlags,
  args: readonly string[],
  detached: boolean,
): Promise<string> {
  checkPull(flags.pull);
  await checkCidFile(flags.cidfile);
  const request = await createRequest(flags, args, { detached, env: context.env });
  const size = flags.tty ? consoleSize(context) : undefined;
  if (size !== undefined) request.HostConfig.ConsoleSize = size;
  const query = {
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.platform === undefined ? {} : { platform: flags.platform }),
  };
  // To stderr: stdout is the container's.
  const pull = (): Promise<void> => pullImage(context, client, request.Image, { quiet: flags.quiet }, (line) => note(context, line));
  if (flags.pull === 'always') await pull();
  let isMissing = false;
  const create = () =>
    client.docker.createContainer(request, query).catch(async (error: unknown) => {
      isMissing = error instanceof ApiError && error.status === 404;
      if (flags.pull === 'never' || !isMissing) throw error;
      if (!flags.quiet) note(context, `Unable to find image '${request.Image}' locally`);
      await pull();
      isMissing = false;
      return client.docker.createContainer(request, query);
    });
  try {
    const { Id, Warnings } = await create();
    for (const warning of Warnings ?? []) note(context, `warning: ${warning.replace(/^WARNING: /, '')}`);
    if (flags.cidfile !== undefined) await writeFile(flags.cidfile, Id, { flag: 'wx' });
    return Id;
  } catch (error) {
    if (!isMissing || !(error instanceof ApiError)) throw error;
    throw new CliError(error.message, {
      hint: `load it first: docker save ${request.Image} | shiplog load, or shiplog load -i FILE`,
      exitCode: EXIT.engine,
      cause: error,
    });
  }
}

function checkPull(when: string | undefined): void {
  if (when === undefined || when === 'never' || when === 'missing' || when === 'always') return;
  throw new UsageError(`--pull takes always, missing or never, not "${when}"`);
}

async function checkCidFile(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  try {
    await access(path);
  } catch {
    return;
  }
  throw new UsageError(`--cidfile ${path} exists already`, 'remove the file if its container is gone, or name another');
}
