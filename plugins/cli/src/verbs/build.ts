import { buildContext } from '../build/build-context.ts';
import { showBuild } from '../build/show-build.ts';
import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { extraHost } from '../create/extra-host.ts';
import { keyValues, readLines, splitOnce } from '../create/key-values.ts';
import { maybeSize } from '../create/size.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { sentArchive } from '../sent-archive.ts';
import { defineVerb } from '../verb.ts';
import { writeWholeFile } from '../write-whole-file.ts';

export default defineVerb({
  usage: '[OPTIONS] DIRECTORY|-',
  args: [1, 1],
  complete: 'file',
  options: {
    file: {
      type: 'text',
      short: 'f',
      value: 'FILE',
      help: 'Dockerfile, from anywhere; - for stdin; with a tar on stdin a path in it',
      complete: 'file',
    },
    tag: { type: 'list', short: 't', value: 'NAME[:TAG]', help: 'Name of the image' },
    'build-arg': { type: 'list', value: 'NAME[=VALUE]', help: 'Value of an ARG; a name alone takes its value from here' },
    target: { type: 'text', value: 'STAGE', help: 'Stop after this stage' },
    'no-cache': { type: 'switch', help: 'Do every step again' },
    pull: { type: 'switch', help: 'Ask image sources for newer images to begin with' },
    label: { type: 'list', value: 'NAME[=VALUE]', help: 'Label of the image' },
    'label-file': { type: 'list', value: 'FILE', help: 'Read labels from a file', complete: 'file' },
    platform: { type: 'text', value: 'OS/ARCH', help: 'Platform of the images to begin with' },
    network: { type: 'text', value: 'NETWORK', help: 'Network of RUN: bridge, host, none or a network', complete: 'network' },
    'add-host': { type: 'list', value: 'NAME:ADDRESS', help: 'Line of /etc/hosts for RUN' },
    memory: { type: 'text', short: 'm', value: 'BYTES', help: 'Memory limit of RUN' },
    'shm-size': { type: 'text', value: 'BYTES', help: 'Size of /dev/shm for RUN' },
    rm: { type: 'switch', on: true, help: 'Remove containers of steps that succeeded' },
    'force-rm': { type: 'switch', help: 'Remove the container of the step that failed, too' },
    iidfile: { type: 'text', value: 'FILE', help: "Write the image's id to a file", complete: 'file' },
    quiet: { type: 'switch', short: 'q', help: 'Print the id alone, and what steps print only if one fails' },
    format: { type: 'text', value: 'json', help: 'Print id and names as JSON; what steps print goes to stderr', complete: ['json'] },
  },
  details:
    'As the classic builder of Docker: no BuildKit, so no heredocs, RUN --mount or --secret. The context is a directory without what its\n.dockerignore names, or with - a tar on stdin, or a Dockerfile alone. It is sent as it is read.\nEverybody on this machine can read a command line: give `--build-arg NAME`, and the value comes from the environment. No value gets into the\nlog, but the history of the image has what RUN saw, as with Docker.',
  examples: [
    { command: 'shiplog build -t web:1 .', what: 'what the Dockerfile here says' },
    { command: 'TOKEN=… shiplog build -t web:1 --build-arg TOKEN .', what: 'a value that no process list shows' },
    { command: 'git archive HEAD | shiplog build -t web:1 -', what: 'what is committed' },
    { command: 'shiplog build -q --target test -f ci/Dockerfile .', what: 'up to a stage, by another Dockerfile' },
  ],
  exits: { other: 'the exit code of the command of a RUN' },
  async run(context, flags, [path = '']) {
    const { format, quiet, iidfile } = flags;
    if (format !== undefined && format !== 'json') throw new UsageError(`--format takes json, not "${format}"`);
    const labels = await Promise.all(flags['label-file'].map((file) => readLines('--label-file', file)));
    const query = {
      tags: flags.tag,
      buildArgs: buildArgs(flags['build-arg'], context.env),
      labels: keyValues([...labels.flat(), ...flags.label]),
      noCache: flags['no-cache'],
      pull: flags.pull,
      remove: flags.rm,
      forceRemove: flags['force-rm'],
      quiet,
      extraHosts: flags['add-host'].map(extraHost),
      ...given('target', flags.target),
      ...given('platform', flags.platform),
      ...given('networkMode', flags.network),
      ...given('memory', maybeSize('--memory', flags.memory)),
      ...given('shmSize', maybeSize('--shm-size', flags['shm-size'])),
    };
    const { docker } = await context.client();
    const { tar, dockerfile } = await buildContext(context, path, flags.file);
    const bar = new ProgressBar(context.stderr, 'Sending the context', { unit: 'bytes', quiet });
    try {
      const lines = await docker.buildImage(sentArchive(tar, bar), { ...query, dockerfile });
      const { stdout, stderr: err } = context;
      const named = flags.file === undefined || flags.file === '-' ? 'Dockerfile' : flags.file;
      const id = await showBuild(lines, { bar, quiet, dockerfile: named, out: format === undefined ? stdout : err, err });
      if (format === 'json') print(context, JSON.stringify({ ID: id, Tags: flags.tag }));
      else if (quiet) print(context, id);
      if (iidfile !== undefined) await writeWholeFile(iidfile, once(id));
    } finally {
      bar.clear();
    }
    return EXIT.ok;
  },
});

/** Values of arguments by name. Null: there is none here, and the Dockerfile's counts. Throws UsageError for one without a name. */
function buildArgs(
  entries: readonly string[],
  env: { readonly [name: string]: string | undefined },
): { readonly [name: string]: string | null } {
  return Object.fromEntries(
    entries.map((entry) => {
      const [name, value] = splitOnce(entry, '=');
      if (name === '') throw new UsageError('--build-arg has no name', 'give NAME=VALUE, or NAME');
      return [name, value ?? env[name] ?? null] as const;
    }),
  );
}

function given<N extends string, T>(name: N, value: T | undefined): { readonly [K in N]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [K in N]?: T };
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}
