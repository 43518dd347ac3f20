import { setTimeout as sleep } from 'node:timers/promises';
import type { DockerClient } from '@shiplog/client';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Column, printList } from '../format/print-list.ts';
import { usageRow } from '../usage/usage-row.ts';
import { type NamedStats, unlessRemoved, WatchedContainers } from '../usage/watched-containers.ts';
import { defineVerb } from '../verb.ts';

const COLUMNS: readonly Column[] = [
  ['CONTAINER ID', 'ID'],
  ['NAME', 'Name'],
  ['CPU %', 'CPUPerc'],
  ['MEM USAGE / LIMIT', 'MemUsage'],
  ['MEM %', 'MemPerc'],
  ['NET I/O', 'NetIO'],
  ['BLOCK I/O', 'BlockIO'],
  ['PIDS', 'PIDs'],
];

const EVERY_MS = 1000;
/** To the upper left corner, and all below away (ECMA-48: CUP, ED). */
const CLEAR = '\u001B[H\u001B[J';

export default defineVerb({
  usage: '[OPTIONS] [CONTAINER...]',
  args: [0, Infinity],
  complete: 'running',
  options: {
    all: { type: 'switch', short: 'a', help: 'Those that do not run too' },
    format: { type: 'text', value: 'FORMAT', help: 'json (an object a line), or a template such as {{.CPUPerc}}' },
    'no-stream': { type: 'switch', help: 'Show it once, and end' },
    'no-trunc': { type: 'switch', help: 'Show ids whole' },
  },
  details: 'Without names: all that run, as they come and go. With names: until the last of these is removed.',
  examples: [
    { command: 'shiplog stats', what: 'what all containers use, every second' },
    { command: 'shiplog stats --no-stream --format json web', what: 'one sample of one container, for a program' },
  ],
  async run(context, flags, names) {
    const { docker } = await context.client();
    const show = (samples: readonly NamedStats[]): void => {
      const rows = samples.map(({ name, stats }) => usageRow(names.length === 0 ? undefined : name, stats, flags['no-trunc']));
      printList(context, rows, COLUMNS, { format: flags.format });
    };
    const running = async (): Promise<readonly string[]> => (await docker.listContainers({ all: flags.all })).map(({ Id }) => Id);
    if (flags['no-stream']) show(names.length > 0 ? await once(docker, names) : await onceIfThere(docker, await running()));
    else if (names.length > 0) await follow(context, docker, names, show);
    else await followAll(context, docker, running, show);
    return EXIT.ok;
  },
});

async function once(docker: DockerClient, names: readonly string[]): Promise<readonly NamedStats[]> {
  return Promise.all(names.map(async (name) => ({ name, stats: await docker.stats(name) })));
}

async function onceIfThere(docker: DockerClient, ids: readonly string[]): Promise<readonly NamedStats[]> {
  return (await Promise.all(ids.map((id) => unlessRemoved(once(docker, [id]))))).flatMap((found) => found ?? []);
}

async function follow(
  context: Context,
  docker: DockerClient,
  names: readonly string[],
  show: (samples: readonly NamedStats[]) => void,
): Promise<void> {
  const watched = new WatchedContainers(docker);
  await Promise.all(names.map((name) => watched.watch(name)));
  // What a CPU does is known from the second sample on.
  for (await sleep(EVERY_MS); watched.samples.length > 0; await sleep(EVERY_MS)) {
    if (context.stdout.isTTY === true) context.stdout.write(CLEAR);
    show(watched.samples);
  }
}

/** Never ends by itself. */
async function followAll(
  context: Context,
  docker: DockerClient,
  running: () => Promise<readonly string[]>,
  show: (samples: readonly NamedStats[]) => void,
): Promise<never> {
  const watched = new WatchedContainers(docker);
  for (;;) {
    const ids = new Set(await running());
    await Promise.all([...ids].map((id) => unlessRemoved(watched.watch(id))));
    await sleep(EVERY_MS);
    if (context.stdout.isTTY === true) context.stdout.write(CLEAR);
    show(watched.samples.filter(({ name }) => ids.has(name)));
  }
}
