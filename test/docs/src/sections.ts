import { commandLine, daemonHelp } from './command-line.ts';
import { conformanceMachine, conformanceTable, wrongDrivers } from './conformance.ts';
import { dockerRoutes } from './docker-routes.ts';
import { driversTable } from './drivers.ts';
import { importTable } from './import-table.ts';
import { fenced } from './markdown.ts';
import { replayExample } from './replay-examples.ts';
import { read } from './repository.ts';
import type { Section } from './section.ts';
import { VERB_KINDS, verbReference } from './verb-reference.ts';

/** A source file shown on a page, word for word. */
const shown = (page: string, name: string, path: string): Section => ({
  page,
  name,
  make: async () => `\`${path}\`:\n\n${fenced(await read(path), 'ts')}`,
});

/** Families with a guide of their own: it shows the beginning that `shiplog plugin new` makes, which is proven with that package. */
const GUIDES = ['storage', 'network', 'cgroup', 'runtime', 'log', 'authorizer', 'projection', 'image-source'] as const;

/** Everything in the documentation that is made. */
export const SECTIONS: readonly Section[] = [
  { page: 'README.md', name: 'drivers', make: driversTable },
  { page: 'ARCHITECTURE.md', name: 'imports', make: importTable },
  { page: 'docs/cli.md', name: 'commands', make: commandLine },
  { page: 'docs/conformance.md', name: 'conformance machine', make: conformanceMachine },
  { page: 'docs/conformance.md', name: 'conformance', make: conformanceTable },
  { page: 'docs/conformance.md', name: 'wrong drivers', make: wrongDrivers },
  { page: 'docs/running.md', name: 'shiplogd --help', make: daemonHelp },
  { page: 'docs/docker-compatibility.md', name: 'routes', make: dockerRoutes },
  ...VERB_KINDS.map((kind) => ({ page: `docs/reference/${kind}.md`, name: 'verbs', make: async () => verbReference(kind) })),
  { page: 'docs/replay.md', name: 'replay fold', make: () => replayExample('replay fold --at 600 golden.jsonl.gz') },
  { page: 'docs/replay.md', name: 'replay redecide', make: () => replayExample('replay redecide golden.jsonl.gz') },
  {
    page: 'docs/replay.md',
    name: 'replay simulate',
    make: () => replayExample('replay simulate --latency runtime.create=x2 golden.jsonl.gz'),
  },
  shown('docs/drivers.md', 'driver', 'plugins/create-driver/templates/volume/driver.ts'),
  shown('docs/guides/cgroup.md', 'controller', 'plugins/cgroup-v2/src/pids.ts'),
  ...GUIDES.map((family) => shown(`docs/guides/${family}.md`, 'driver', `plugins/create-driver/templates/${family}/driver.ts`)),
];
