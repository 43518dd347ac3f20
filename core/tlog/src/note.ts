import { clip, hasControls, parseBase64 } from './encoding.ts';
import { isKeyName, type Signer, type Verifier } from './key.ts';
import { TlogError } from './tlog-error.ts';

/** One signature line of a note. Nothing is known of it until its key's verifier accepts it. */
export interface Signature {
  readonly name: string;
  readonly id: number;
  readonly bytes: Buffer;
}

/** A text with signatures (C2SP signed-note). */
export interface Note {
  /** Ends with a newline. */
  readonly text: string;
  readonly signatures: readonly Signature[];
}

/** Most characters and signature lines of a note that is read. The specification asks for 16 signatures of up to 5 kB at least. */
const MAX_LENGTH = 256 * 1024;
const MAX_SIGNATURES = 64;

const DASH = '\u2014 ';

/** Signs a text that ends with a newline. Throws RangeError for a text that no note can have. */
export function signNote(text: string, signers: readonly Signer[]): Note {
  if (!isText(text)) throw new RangeError('the text of a note ends with a newline and has no control characters');
  return { text, signatures: signers.map((signer) => ({ name: signer.name, id: signer.id, bytes: signer.sign(text) })) };
}

/** The note as it is stored and sent. */
export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${formatSignatures(signatures)}`;
}

/** Signature lines alone, as witnesses answer. */
export function formatSignatures(signatures: readonly Signature[]): string {
  return signatures
    .map(({ name, id, bytes }) => {
      const blob = Buffer.alloc(4 + bytes.length);
      blob.writeUInt32BE(id);
      blob.set(bytes, 4);
      return `${DASH}${name} ${blob.toString('base64')}\n`;
    })
    .join('');
}

/** Reads a note, and believes nothing of it: see {@link verifyNote}. Throws TlogError. */
export function parseNote(note: string): Note {
  if (note.length > MAX_LENGTH) throw new TlogError('malformed', `a note of more than ${MAX_LENGTH} characters`);
  const split = note.lastIndexOf('\n\n');
  if (split < 0) throw new TlogError('malformed', 'a note is a text, an empty line and signatures; there is no empty line');
  const text = note.slice(0, split + 1);
  if (!isText(text)) throw new TlogError('malformed', 'the text of the note has control characters or is not UTF-8');
  return { text, signatures: parseSignatures(note.slice(split + 2)) };
}

/** Reads signature lines. Throws TlogError, also if there is none. */
export function parseSignatures(lines: string): readonly Signature[] {
  if (!lines.endsWith('\n')) throw new TlogError('malformed', 'signatures end with a newline');
  const all = lines.slice(0, -1).split('\n');
  if (all.length > MAX_SIGNATURES) throw new TlogError('malformed', `${all.length} signatures; ${MAX_SIGNATURES} are read at most`);
  return all.map((line) => {
    const [name = '', encoded = '', ...rest] = line.startsWith(DASH) ? line.slice(DASH.length).split(' ') : [];
    if (!isKeyName(name) || rest.length > 0) throw new TlogError('malformed', `no signature line: "${clip(line)}"`);
    const blob = parseBase64(encoded, 'a signature');
    if (blob.length < 5) throw new TlogError('malformed', `the signature of ${clip(name)} is empty`);
    return { name, id: blob.readUInt32BE(), bytes: blob.subarray(4) };
  });
}

/**
 * The signatures of a note that are by one of `verifiers`, in the note's order, all of them good; those of other keys are left out.
 * Throws TlogError, `mismatch`, if one does not verify: somebody tampered with the note or wants to hide behind a name.
 */
export function verifyNote({ text, signatures }: Note, verifiers: readonly Verifier[]): readonly Signature[] {
  return signatures.filter((signature) => {
    const verifier = verifiers.find(({ name, id }) => name === signature.name && id === signature.id);
    if (verifier !== undefined && !verifier.verify(text, signature.bytes))
      throw new TlogError('mismatch', `the signature of ${clip(signature.name)} is wrong`);
    return verifier !== undefined;
  });
}

function isText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !hasControls(text, '\n');
}
