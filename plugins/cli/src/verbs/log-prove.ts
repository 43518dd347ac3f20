import { writeFile } from 'node:fs/promises';
import type { TlogClient } from '@shiplog/client';
import {
  checkProof,
  formatProof,
  parseCheckpoint,
  parseNote,
  proveConsistency,
  proveInclusion,
  type TileReader,
  tilePath,
} from '@shiplog/tlog';
import { UsageError } from '../cli-error.ts';
import { note } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { checked, trustOf } from '../proof-trust.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] SEQ | --consistency A..B',
  args: [0, 1],
  options: {
    out: { type: 'text', short: 'o', value: 'FILE', help: 'Write it there instead of to stdout (-)', complete: 'file' },
    consistency: {
      type: 'text',
      value: 'A..B',
      help: 'Prove that the first A events are still those of the log of B; the newest if B is left out',
    },
  },
  details:
    'Writes a file that proves, to anyone who has the public key, that the event at position SEQ is in the log, with the event in it (C2SP\ntlog-proof); or that nothing was changed between two checkpoints. `shiplog log check` checks it without an engine.',
  examples: [
    { command: 'shiplog log prove 345 -o event-345.tlog-proof', what: 'a proof of one event' },
    { command: 'shiplog log prove --consistency 100.. -o since-100.proof', what: 'the first 100 events have not been touched' },
  ],
  async run(context, flags, [seq]) {
    if ((seq === undefined) === (flags.consistency === undefined)) throw new UsageError('give a position, or --consistency, and not both');
    const { tlog } = await context.client();
    const proof = seq === undefined ? await consistency(tlog, flags.consistency ?? '') : await inclusion(tlog, seq);
    // What is handed out is known to be good.
    const trust = trustOf(await tlog.key());
    await checked("the engine's proof", () => checkProof(proof, trust));
    if (flags.out === undefined || flags.out === '-') context.stdout.write(proof);
    else {
      await writeFile(flags.out, proof);
      note(context, `Written to ${flags.out}; check it with \`shiplog log check ${flags.out} --key VKEY\``);
    }
    return EXIT.ok;
  },
});

async function inclusion(tlog: TlogClient, text: string): Promise<string> {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`SEQ is the position of an event, not "${text}"`);
  const index = Number(text);
  const checkpoint = await tlog.checkpoint({ covers: index + 1 });
  const [proof, data] = await Promise.all([proveInclusion(index, sizeOf(checkpoint), readerOf(tlog)), tlog.event(index)]);
  return formatProof({ kind: 'inclusion', data, index, proof, checkpoint });
}

async function consistency(tlog: TlogClient, range: string): Promise<string> {
  const [, before, size] = /^(\d{1,15})\.\.(\d{1,15})?$/.exec(range) ?? [];
  if (before === undefined || (size !== undefined && Number(size) < Number(before)))
    throw new UsageError(`--consistency takes two numbers of events, the smaller first, such as 100..200 or 100.., not "${range}"`);
  const checkpoint = await tlog.checkpoint(size === undefined ? { covers: Number(before) } : { size: Number(size) });
  const old = await tlog.checkpoint({ size: Number(before) });
  return formatProof({
    kind: 'consistency',
    old,
    proof: await proveConsistency(Number(before), sizeOf(checkpoint), readerOf(tlog)),
    checkpoint,
  });
}

function sizeOf(checkpoint: string): number {
  return parseCheckpoint(parseNote(checkpoint).text).size;
}

function readerOf(tlog: TlogClient): TileReader {
  return (level, index, width) => tlog.resource(tilePath({ level, index, width }));
}
