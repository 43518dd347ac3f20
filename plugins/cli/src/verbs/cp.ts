import type { DockerClient } from '@shiplog/client';
import { readTar, writeTar } from '@shiplog/oci';
import { CliError, UsageError } from '../cli-error.ts';
import { type Context, note } from '../context.ts';
import { type CopyArgument, copyArgument } from '../copy/copy-argument.ts';
import { destinationOf, isDirectory, statFollowed } from '../copy/copy-in.ts';
import { targetOf } from '../copy/copy-out.ts';
import { packFiles } from '../copy/pack-files.ts';
import { unpackFiles } from '../copy/unpack-files.ts';
import { countedArchive } from '../counted-archive.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { printAll } from '../print-all.ts';
import { sentArchive } from '../sent-archive.ts';
import { defineVerb } from '../verb.ts';

type Place = Extract<CopyArgument, { readonly kind: 'container' }>;

interface Copy {
  readonly context: Context;
  readonly docker: DockerClient;
  readonly bar: ProgressBar;
  readonly archive: boolean;
  readonly follow: boolean;
}

export default defineVerb({
  usage: '[OPTIONS] CONTAINER:PATH PATH|-\n       shiplog cp [OPTIONS] PATH|- CONTAINER:PATH',
  args: [2, 2],
  complete: 'container',
  options: {
    archive: {
      type: 'switch',
      short: 'a',
      help: "Keep owners: into a container, those of the container's user; out of it, owner and setuid bits as they are",
    },
    'follow-link': { type: 'switch', short: 'L', help: 'Copy what a link at the end of the source leads to' },
    quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
  },
  details:
    'As `docker cp`: a directory is copied into one that is there, and becomes one that is not; DIR/. is what is in it. - is a tar on stdin, for a\ndirectory, or on stdout. The container need not run. Without -a, what comes out belongs to who copies. Devices and fifos are not made here.',
  examples: [
    { command: 'shiplog cp site/. web:/www', what: 'what is in a directory, into one of a container' },
    { command: 'shiplog cp web:/etc/passwd .', what: 'a file out of it' },
    { command: 'shiplog cp web:/var/log - | tar -t', what: 'a tar of a directory' },
    { command: 'tar -c site | shiplog cp - web:/srv', what: 'a tar into it' },
  ],
  async run(context, flags, [from = '', to = '']) {
    const [source, destination] = [copyArgument(from), copyArgument(to)];
    const { docker } = await context.client();
    const bar = new ProgressBar(context.stderr, 'Copying', { unit: 'bytes', quiet: flags.quiet });
    const copy: Copy = { context, docker, bar, archive: flags.archive, follow: flags['follow-link'] };
    try {
      if (source.kind === 'container' && destination.kind === 'container') {
        throw new UsageError(
          'copying between containers is not supported',
          'send it through a pipe: shiplog cp A:PATH - | shiplog cp - B:PATH',
        );
      }
      if (destination.kind === 'container') await copyIn(copy, source, destination);
      else if (source.kind === 'container') await copyOut(copy, source, destination);
      else throw new UsageError('one side must be in a container: CONTAINER:PATH');
    } finally {
      bar.clear();
    }
    return EXIT.ok;
  },
});

async function copyIn(copy: Copy, source: CopyArgument, { container, path }: Place): Promise<void> {
  const { context, docker, archive } = copy;
  if (source.kind === 'stream') {
    if (context.stdin.isTTY === true) throw new UsageError('there is no archive to read', 'pipe a tar in');
    const there = await statFollowed(docker, container, path);
    if (there !== undefined && !isDirectory(there)) throw new CliError(`destination "${container}:${path}" must be a directory`);
    await docker.putArchive(container, path, sentArchive(context.stdin, copy.bar), { noOverwriteDirNonDir: true, copyUIDGID: archive });
    return;
  }
  if (source.kind !== 'local') return;
  const { directory, name } = await destinationOf(docker, container, { path: source.path, follow: copy.follow }, path);
  const entries = packFiles(source.path, name, copy.follow, skipping(context));
  await docker.putArchive(container, directory, sentArchive(writeTar(entries), copy.bar), {
    noOverwriteDirNonDir: true,
    copyUIDGID: archive,
  });
}

async function copyOut(copy: Copy, { container, path }: Place, destination: CopyArgument): Promise<void> {
  const { context, docker, archive } = copy;
  const followed = copy.follow ? ((await statFollowed(docker, container, path))?.at ?? path) : path;
  if (destination.kind === 'stream' && context.stdout.isTTY === true)
    throw new UsageError('an archive is not for a terminal', 'send it through a pipe');
  const { stat, tar } = await docker.getArchive(container, followed);
  const chunks = countedArchive(tar, copy.bar, "the container was removed, or the file shrank meanwhile; the engine's own log says why");
  if (destination.kind === 'stream') await printAll(context, chunks);
  else if (destination.kind === 'local') {
    const target = await targetOf(path, isDirectory(stat), destination.path);
    await unpackFiles(readTar(chunks, { end: 'marker' }), { target, archive, skipped: skipping(context) });
  }
}

function skipping(context: Context): (path: string) => void {
  return (path) => note(context, `skipped ${path}: it is a socket, a device or a fifo`);
}
