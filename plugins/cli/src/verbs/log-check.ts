import { readFile, stat } from 'node:fs/promises';
import {
  type CheckedCheckpoint,
  type CheckedConsistency,
  type CheckedInclusion,
  checkProof,
  formatHash,
  openCheckpoint,
  parseUtf8,
  type Trust,
} from '@shiplog/tlog';
import { CliError, UsageError } from '../cli-error.ts';
import { type Context, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { checked, trustOf } from '../proof-trust.ts';
import { defineVerb } from '../verb.ts';
import { printable } from '../format/printable.ts';

type Checked = CheckedInclusion | CheckedConsistency | { readonly kind: 'directory'; readonly checkpoint: CheckedCheckpoint };

export default defineVerb({
  usage: '[OPTIONS] PROOF|DIRECTORY --key VKEY',
  args: [1, 1],
  complete: 'file',
  options: {
    key: { type: 'text', value: 'VKEY', help: "The log's public key, as `shiplog log key` prints it" },
    witness: { type: 'list', value: 'VKEY', help: 'A witness that must have cosigned; may be repeated' },
    kept: { type: 'text', value: 'FILE', help: 'The older checkpoint, as you kept it: the proof must begin there', complete: 'file' },
    format: { type: 'text', value: 'json', help: 'Print what is proven as JSON', complete: ['json'] },
    quiet: { type: 'switch', short: 'q', help: 'Say nothing: the exit code tells' },
  },
  details:
    'Needs the file and the key, no engine and no root. A directory is what `shiplog log export --tiles` made, and all of it is checked. A proof is\nworth as much as the key: get it from the machine before you need it, and from nobody in between.',
  examples: [
    { command: 'shiplog log check event-345.tlog-proof --key "$(cat web-1.vkey)"', what: 'did this event happen, as far as the log says?' },
    {
      command: 'shiplog log check since-100.proof --key "$(cat web-1.vkey)" --kept checkpoint-100',
      what: 'is the past still what it was?',
    },
  ],
  exits: { '1': 'it proves nothing: it was changed, is of another log, or lacks a signature' },
  async run(context, flags, [path = '']) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    if (flags.key === undefined) throw new UsageError('--key is missing', "give the log's public key, which `shiplog log key` prints");
    const trust = trustOf(flags.key, flags.witness);
    const result = await checked(path, async () => {
      if (await isDirectory(path)) return checkAll(context, path, trust, flags.quiet);
      return checkProof(parseUtf8(await read(path), path), trust);
    });
    if (flags.kept !== undefined) await begins(result, flags.kept, trust);
    if (flags.quiet) return EXIT.ok;
    if (flags.format === 'json') print(context, JSON.stringify(document(result)));
    else for (const line of lines(context, result)) print(context, line);
    return EXIT.ok;
  },
});

async function checkAll(context: Context, path: string, trust: Trust, quiet: boolean): Promise<Checked> {
  const { checkDirectory, TlogDirectory } = await import('@shiplog/tlog-directory');
  const bar = new ProgressBar(context.stderr, 'Checking', { unit: 'count', quiet });
  try {
    return {
      kind: 'directory',
      checkpoint: await checkDirectory(new TlogDirectory(path), trust, (entries, total) => bar.update(entries, total)),
    };
  } finally {
    bar.clear();
  }
}

/** The proof's older checkpoint must say what the kept one says. */
async function begins(result: Checked, path: string, trust: Trust): Promise<void> {
  if (result.kind !== 'consistency') throw new UsageError('--kept goes with a proof of consistency');
  const kept = await checked(path, async () => openCheckpoint(parseUtf8(await read(path), path), trust.log));
  const { old } = result;
  if (kept.origin === old.origin && kept.size === old.size && kept.root === old.root) return;
  throw new CliError(
    `the proof begins at ${old.size} events, root ${formatHash(old.root)}, and ${path} has ${kept.size}, root ${formatHash(kept.root)}`,
    {
      hint:
        kept.size === old.size
          ? 'the log was rewritten: keep both files'
          : `make one with \`shiplog log prove --consistency ${kept.size}..\``,
    },
  );
}

function lines(context: Context, result: Checked): readonly string[] {
  const { origin, size, cosigned } = result.checkpoint;
  const { green } = context.colors;
  const seen = cosigned.map(({ name, time }) => `cosigned by ${name} at ${new Date(time * 1000).toISOString()}`);
  switch (result.kind) {
    case 'inclusion':
      return [
        green(`event ${result.index} is in the log ${origin}, among ${size} events`),
        ...seen,
        printable(result.data.toString('utf8')),
      ];
    case 'consistency':
      return [green(`the first ${result.old.size} of ${size} events of the log ${origin} are unchanged`), ...seen];
    case 'directory':
      return [green(`all ${size} events are those that the log ${origin} signed`), ...seen];
  }
}

function document(result: Checked): unknown {
  const { origin, size, root, cosigned } = result.checkpoint;
  const checkpoint = { origin, size, root: formatHash(root), cosigned };
  switch (result.kind) {
    case 'inclusion':
      return { kind: result.kind, checkpoint, seq: result.index, ...content(result.data) };
    case 'consistency':
      return { kind: result.kind, checkpoint, old: { size: result.old.size, root: formatHash(result.old.root) } };
    case 'directory':
      return { kind: result.kind, checkpoint };
  }
}

/** An event; of a log that is not ours, the entry's bytes. */
function content(data: Buffer): { readonly event: unknown } | { readonly data: string } {
  try {
    return { event: JSON.parse(data.toString('utf8')) as unknown };
  } catch {
    return { data: data.toString('base64') };
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new CliError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
