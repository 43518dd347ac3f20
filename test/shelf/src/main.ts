import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machineFacts } from './machine.ts';
import { merged, type Results, sumUp } from './results.ts';
import { runKits } from './run-kits.ts';
import { textOf } from './table.ts';

const HELP = `Runs every conformance kit over every driver of the shelf, on this machine, and every wrong driver over the check made for it.

  npm run conformance                        # all of it, several minutes
  npm run conformance -- storage volume      # files whose path contains one of these
  npm run conformance -- --record            # and writes docs/conformance.json, which docs/conformance.md is made of
  npm run conformance -- --format json

  --format FORMAT   text or json
  --record          keep the results for the documentation, with patterns in place of those kits' alone; then run node test/docs/dist/write.js and npm run format
Exit codes: 0 all held, 1 some did not, 2 wrong arguments.`;

const ROOT = new URL('../../..', import.meta.url).pathname;

const { values, positionals } = (() => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        format: { type: 'string', default: 'text' },
        record: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
})();
if (values.help) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}
if (values.format !== 'text' && values.format !== 'json') refuse(`--format takes text or json, not ${values.format}`);
if (process.geteuid?.() !== 0) refuse('the kits drive the real kernel, for which they need root');

const { reports, failed } = await runKits(ROOT, positionals, (done, total, result) => {
  if (result !== undefined)
    process.stderr.write(
      `${done}/${total} ${result.failure === undefined ? 'ok  ' : 'FAIL'} ${result.file.path}  ${Math.round(result.ms / 1000)} s\n`,
    );
});
const results: Results = { machine: await machineFacts(), ...sumUp(reports) };
if (values.record) await record();
if (values.format === 'json') process.stdout.write(`${JSON.stringify({ ...results, files: failed })}\n`);
else {
  process.stdout.write(`${textOf(results)}\n`);
  for (const { path, failure, output } of failed) process.stdout.write(`\n──── ${path}: ${failure}\n${output.trimEnd()}\n`);
}
if (reports.length === 0) refuse('no kit ran; build first, or give another pattern');
process.exitCode = failed.length === 0 ? 0 : 1;

/** With patterns, only what was run is replaced. */
async function record(): Promise<void> {
  const path = join(ROOT, 'docs/conformance.json');
  const recorded = positionals.length === 0 ? results : merged(JSON.parse(await readFile(path, 'utf8')) as Results, results);
  await writeFile(path, `${JSON.stringify(recorded, undefined, 2)}\n`);
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}
