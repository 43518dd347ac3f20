import { clip, formatHash, hasControls, parseDecimal, parseHash } from './encoding.ts';
import type { Hash } from './hash.ts';
import type { Verifier } from './key.ts';
import { type Note, parseNote, type Signature, verifyNote } from './note.ts';
import { TlogError } from './tlog-error.ts';

/** A log's tree head: what is signed (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Who issued it: unique among logs. */
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
}

/** The text of a checkpoint, without signatures and extension lines. Throws RangeError for an origin that is no single line. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (origin === '' || hasControls(origin)) throw new RangeError('an origin is one line that is not empty');
  return `${origin}\n${size}\n${formatHash(root)}\n`;
}

/** Reads a checkpoint's text. Extension lines are let through and left out. Throws TlogError. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  const [origin = '', size = '', root = ''] = lines;
  if (lines.length < 4 || lines.pop() !== '' || lines.includes(''))
    throw new TlogError('malformed', 'a checkpoint has three lines, origin, size and root, and none is empty');
  return { origin, size: parseDecimal(size, 'the size of the tree'), root: parseHash(root, 'the root of the tree') };
}

/** A checkpoint that its log signed, with the cosignatures that were asked for. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: Note;
  /** Good signatures of the log. At least one. */
  readonly signatures: readonly Signature[];
  /** Good cosignatures of known witnesses. */
  readonly cosignatures: readonly Signature[];
}

/**
 * Reads a signed checkpoint and believes it. `log` and `witnesses` are the keys that are trusted; signatures of others are ignored.
 * Throws TlogError: `malformed`; `mismatch` if a signature of a trusted key is wrong; `missing` if the log did not sign it.
 */
export function openCheckpoint(text: string, log: readonly Verifier[], witnesses: readonly Verifier[] = []): SignedCheckpoint {
  const note = parseNote(text);
  const checkpoint = parseCheckpoint(note.text);
  const signatures = verifyNote(note, log);
  if (signatures.length === 0) {
    const names = log.map(({ name }) => name);
    const isNamed = note.signatures.some(({ name }) => names.includes(name));
    const signed = isNamed ? 'with another key of that name' : `by ${note.signatures.map(({ name }) => clip(name)).join(', ')}`;
    throw new TlogError('missing', `the checkpoint has no signature of ${names.join(', ')}; it is signed ${signed}`);
  }
  return { ...checkpoint, note, signatures, cosignatures: verifyNote(note, witnesses) };
}
