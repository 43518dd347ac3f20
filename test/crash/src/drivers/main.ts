import { parseArgs } from 'node:util';
import { type Killed, killEverywhere } from './kill-everywhere.ts';
import { rowsOf, tableOf } from './report.ts';
import { SHELVES } from './shelf.ts';
import { type Verb, VERBS } from './verbs.ts';

const HELP = `Kills an engine with real drivers before and after every call of a driver that a verb makes, and examines what the next one makes of it.

  npm run crash -- drivers                                  # every verb, every driver
  npm run crash -- drivers --shelf btrfs --verb container.start

  --shelf NAME      ${SHELVES.map(({ name }) => name).join(', ')}; may be repeated
  --verb VERB       such as container.start; may be repeated
  --format FORMAT   text or json
Exit codes: 0 all recovered, 1 something did not, 2 wrong arguments.`;

/** Runs the command. Resolves with its exit code. */
export async function drivers(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      shelf: { type: 'string', multiple: true },
      verb: { type: 'string', multiple: true },
      format: { type: 'string', default: 'text' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const shelves = SHELVES.filter(({ name }) => values.shelf?.includes(name) ?? true);
  const verbs = VERBS.filter((verb) => values.verb?.includes(verb) ?? true);
  if (shelves.length < (values.shelf?.length ?? 0) || verbs.length < (values.verb?.length ?? 0)) {
    process.stderr.write(`there is no such shelf or verb\n\n${HELP}\n`);
    return 2;
  }
  const began = performance.now();
  const killed: Killed[] = [];
  for (const shelf of shelves) {
    const own = verbs.filter((verb: Verb) => shelf.verbs?.includes(verb) ?? true);
    if (own.length > 0) killed.push(...(await killEverywhere({ shelf, verbs: own, thorough: true, progress: told })));
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  const failures = killed.filter(({ problems }) => problems.length > 0);
  const rows = rowsOf(killed);
  if (values.format === 'json') process.stdout.write(`${JSON.stringify({ seconds, rows, failures })}\n`);
  else {
    process.stdout.write(`${tableOf(rows)}\n${seconds} s\n`);
    for (const failure of failures) process.stdout.write(`\n${JSON.stringify(failure, undefined, 2)}\n`);
  }
  return failures.length === 0 ? 0 : 1;
}

function told({ shelf, verb, moment, problems }: Killed): void {
  const where = moment === undefined ? 'after its outcome' : `${moment.when} ${moment.call}`;
  process.stderr.write(`${problems.length === 0 ? 'ok' : 'FAILED'}  ${shelf}  ${verb}, ${where}\n`);
}
