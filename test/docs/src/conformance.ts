import { COLUMNS, type Results, tableOf } from '@shiplog/test-shelf';
import { manifests } from './drivers.ts';
import { table } from './markdown.ts';
import { read } from './repository.ts';

/** What `npm run conformance -- --record` found out last. */
async function results(): Promise<Results> {
  return JSON.parse(await read('docs/conformance.json')) as Results;
}

/** Facts of the machine it ran on. */
export async function conformanceMachine(): Promise<string> {
  return table(['fact', 'value'], Object.entries((await results()).machine));
}

/** Driver by kit. Every default driver has a line, also one that is younger than the run. */
export async function conformanceTable(): Promise<string> {
  const lines = tableOf((await results()).rows);
  const known = new Set(lines.map(([driver = '']) => driver.split(',', 1)[0]));
  const unknown = (await manifests()).map(({ kind, name }) => `${kind}/${name}`).filter((driver) => !known.has(driver));
  const all = [...lines, ...unknown.map((driver) => [driver, 'not run yet', ...COLUMNS.slice(1).map(() => '')])];
  return table(
    ['driver', ...COLUMNS],
    all.map(([driver = '', ...cells]) => [`\`${driver}\``, ...cells]),
  );
}

/** Check by wrong driver. */
export async function wrongDrivers(): Promise<string> {
  const { wrong } = await results();
  return table(
    ['kit', 'check', 'caught: a driver that'],
    wrong.map(({ kit, check, does, caught }) => [kit, check, caught ? does : `NOT CAUGHT: ${does}`]),
  );
}
