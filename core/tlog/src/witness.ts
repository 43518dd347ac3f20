import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { clip, formatHash, parseDecimal, parseHash } from './encoding.ts';
import { EMPTY_ROOT, type Hash } from './hash.ts';
import type { Signer, Verifier } from './key.ts';
import { formatSignatures, type Note, parseNote, parseSignatures, type Signature, signNote, verifyNote } from './note.ts';
import { TlogError } from './tlog-error.ts';
import { MAX_PROOF, verifyConsistency } from './verify.ts';

/** What a log asks of a witness: to cosign a checkpoint that is consistent with the one of size `before` (C2SP tlog-witness). */
export interface AddCheckpoint {
  readonly before: number;
  readonly proof: readonly Hash[];
  readonly note: Note;
  readonly checkpoint: Checkpoint;
}

/** The body of `POST <prefix>/add-checkpoint`; `checkpoint` is a signed note as text. */
export function formatAddCheckpoint(before: number, proof: readonly Hash[], checkpoint: string): string {
  return `old ${before}\n${proof.map((hash) => `${formatHash(hash)}\n`).join('')}\n${checkpoint}`;
}

/** Reads such a body. Throws TlogError. */
export function parseAddCheckpoint(body: string): AddCheckpoint {
  const end = body.indexOf('\n\n');
  const [old = '', ...lines] = body.slice(0, Math.max(end, 0)).split('\n');
  if (!old.startsWith('old ')) throw new TlogError('malformed', `the first line is "old" and a size, not "${clip(old)}"`);
  if (lines.length > MAX_PROOF) throw new TlogError('malformed', `a consistency proof has at most ${MAX_PROOF} hashes`);
  const note = parseNote(body.slice(end + 2));
  return {
    before: parseDecimal(old.slice(4), 'the old size'),
    proof: lines.map((line) => parseHash(line, 'a hash of the proof')),
    note,
    checkpoint: parseCheckpoint(note.text),
  };
}

/** A log as a witness knows it. */
export interface WitnessedLog {
  /** The log's keys. */
  readonly verifiers: readonly Verifier[];
  /** Head of the latest checkpoint that was cosigned; undefined for none. */
  readonly latest: { readonly size: number; readonly root: Hash } | undefined;
}

/** What a witness answers: the status of tlog-witness, and a body. */
export type WitnessAnswer =
  | { readonly status: 200; readonly checkpoint: Checkpoint; readonly note: Note; cosign(): string }
  | { readonly status: 400 | 403 | 404 | 409 | 422; readonly type: string; readonly body: string };

const PLAIN = 'text/plain; charset=utf-8';

/**
 * Judges a request as a witness. Pure: with status 200, first make the checkpoint durable as the log's latest, with the
 * log's own signatures in `note`; then send what `cosign()` returns; let nothing come between asking for `latest` and having stored it.
 */
export function judgeCheckpoint(
  body: string,
  knownLog: (origin: string) => WitnessedLog | undefined,
  signers: readonly Signer[],
): WitnessAnswer {
  const refuse = (status: 400 | 403 | 404 | 422, reason: string): WitnessAnswer => ({ status, type: PLAIN, body: `${reason}\n` });
  let request: AddCheckpoint;
  try {
    request = parseAddCheckpoint(body);
  } catch (error) {
    return refuse(400, reasonOf(error));
  }
  const { before, proof, note, checkpoint } = request;
  const log = knownLog(checkpoint.origin);
  if (log === undefined) return refuse(404, 'no log of this origin is known here');
  let signatures: readonly Signature[];
  try {
    signatures = verifyNote(note, log.verifiers);
    if (signatures.length === 0) return refuse(403, 'the log did not sign it');
  } catch (error) {
    return refuse(403, reasonOf(error));
  }
  if (before > checkpoint.size) return refuse(400, 'the old size is larger than the new one');
  const latest = log.latest ?? { size: 0, root: EMPTY_ROOT };
  const conflict: WitnessAnswer = { status: 409, type: 'text/x.tlog.size', body: `${latest.size}\n` };
  if (before !== latest.size) return conflict;
  if (before === checkpoint.size && latest.root !== checkpoint.root) return conflict;
  try {
    verifyConsistency({ before, beforeRoot: latest.root, size: checkpoint.size, root: checkpoint.root, proof });
  } catch (error) {
    return refuse(422, reasonOf(error));
  }
  // Extension lines are the log's own words, and cosigned with the rest: signers get the note's text as it is.
  return {
    status: 200,
    checkpoint,
    note: { text: note.text, signatures },
    cosign: () => formatSignatures(signNote(note.text, signers).signatures),
  };
}

/** The good cosignatures in a witness's answer to a checkpoint. Throws TlogError: `malformed`, `mismatch`, or `missing` if there is none. */
export function readCosignatures(answer: string, checkpoint: Note, witness: Verifier): readonly Signature[] {
  const good = verifyNote({ text: checkpoint.text, signatures: parseSignatures(answer) }, [witness]);
  if (good.length === 0) throw new TlogError('missing', `the witness ${witness.name} answered without a signature of its key`);
  return good;
}

/** A size that a witness answered with status 409. Throws TlogError. */
export function parseWitnessedSize(body: string): number {
  return parseDecimal(body.replace(/\n$/, ''), "the witness's size");
}

function reasonOf(error: unknown): string {
  if (error instanceof TlogError) return error.message;
  throw error;
}
