import { type Checkpoint, openCheckpoint, type SignedCheckpoint } from './checkpoint.ts';
import { clip, formatHash, parseBase64, parseDecimal, parseHash, parseUtf8 } from './encoding.ts';
import { entryHash } from './entry.ts';
import type { Hash } from './hash.ts';
import { cosignatureTime, type Verifier } from './key.ts';
import { TlogError } from './tlog-error.ts';
import { MAX_PROOF, verifyConsistency, verifyInclusion } from './verify.ts';

/** That an entry is in a log: a file that needs nothing else but the log's public key (C2SP tlog-proof). */
export interface InclusionProof {
  readonly kind: 'inclusion';
  /** The data that was logged, which the format calls extra: whoever checks the proof hashes it. */
  readonly data?: Buffer;
  readonly index: number;
  readonly proof: readonly Hash[];
  /** A signed note, as text. */
  readonly checkpoint: string;
}

/** That a log was only appended to between two checkpoints. There is no C2SP format for it as a file; this one is built alike. */
export interface ConsistencyProof {
  readonly kind: 'consistency';
  /** The older checkpoint, a signed note, as text. The log's own signature is all that is asked of it. */
  readonly old: string;
  readonly proof: readonly Hash[];
  /** The newer one. */
  readonly checkpoint: string;
}

const INCLUSION = 'c2sp.org/tlog-proof@v1';
const CONSISTENCY = 'shiplog/consistency-proof@v1';

/** Most characters of a proof that is read: the data may be large, the rest is about 2 KB. */
const MAX_LENGTH = 64 * 1024 * 1024;

/**
 * The file's text.
 *
 *     c2sp.org/tlog-proof@v1             shiplog/consistency-proof@v1
 *     extra <Base64 of the data>         old <Base64 of the older checkpoint>
 *     index <number>                     <hashes, one a line>
 *     <hashes, one a line>
 *                                        <the newer checkpoint>
 *     <the checkpoint>
 */
export function formatProof(proof: InclusionProof | ConsistencyProof): string {
  const head =
    proof.kind === 'inclusion'
      ? [INCLUSION, ...(proof.data === undefined ? [] : [`extra ${proof.data.toString('base64')}`]), `index ${proof.index}`]
      : [CONSISTENCY, `old ${Buffer.from(proof.old).toString('base64')}`];
  return `${[...head, ...proof.proof.map(formatHash)].join('\n')}\n\n${proof.checkpoint}`;
}

/** Reads either file, and believes nothing of it. Throws TlogError. */
export function parseProof(text: string): InclusionProof | ConsistencyProof {
  if (text.length > MAX_LENGTH) throw new TlogError('malformed', `a proof of more than ${MAX_LENGTH} characters`);
  const end = text.indexOf('\n\n');
  if (end < 0 && (text.startsWith(INCLUSION) || text.startsWith(CONSISTENCY)))
    throw new TlogError('malformed', 'the proof is cut: no empty line parts it from its checkpoint');
  const lines = (end < 0 ? text : text.slice(0, end)).split('\n');
  const checkpoint = text.slice(end + 2);
  const [first = '', ...rest] = lines;
  if (first === INCLUSION) {
    const data = rest[0]?.startsWith('extra ') === true ? parseBase64(rest.shift()?.slice(6) ?? '', 'the data') : undefined;
    const index = parseDecimal(word(rest.shift(), 'index'), 'the index');
    return { kind: 'inclusion', ...(data === undefined ? {} : { data }), index, proof: hashes(rest), checkpoint };
  }
  if (first === CONSISTENCY) {
    const old = parseUtf8(parseBase64(word(rest.shift(), 'old'), 'the older checkpoint'), 'the older checkpoint');
    return { kind: 'consistency', old, proof: hashes(rest), checkpoint };
  }
  throw new TlogError('malformed', `no proof: it begins with "${clip(first)}", not ${INCLUSION} or ${CONSISTENCY}`);
}

/** Whom to believe. */
export interface Trust {
  /** The log's public keys; one of them must have signed. */
  readonly log: readonly Verifier[];
  /** The log's origin; any that the key signed for, when absent. */
  readonly origin?: string;
  /** All of these witnesses must have cosigned. */
  readonly witnesses?: readonly Verifier[];
}

/** A witness's word on a checkpoint. */
export interface Cosigned {
  readonly name: string;
  /** Seconds since the epoch. */
  readonly time: number;
}

export interface CheckedCheckpoint extends Checkpoint {
  readonly cosigned: readonly Cosigned[];
}

export interface CheckedInclusion {
  readonly kind: 'inclusion';
  readonly index: number;
  readonly data: Buffer;
  readonly checkpoint: CheckedCheckpoint;
}

export interface CheckedConsistency {
  readonly kind: 'consistency';
  readonly old: Checkpoint;
  readonly checkpoint: CheckedCheckpoint;
}

/**
 * Checks a proof with nothing but public keys, and answers what is proven: that `data` is entry `index` of the log, or that the log of
 * the older checkpoint is the beginning of the newer. `data` is needed if the file has none. Cosignatures are asked of the
 * newer checkpoint alone. Throws TlogError: `malformed`, `mismatch`, or `missing` for a signature or data that is not there.
 */
export function checkProof(text: string, trust: Trust, data?: Buffer): CheckedInclusion | CheckedConsistency {
  const proof = parseProof(text);
  const opened = openCheckpoint(proof.checkpoint, trust.log, trust.witnesses);
  const checkpoint = witnessedBy(opened, trust);
  if (proof.kind === 'consistency') {
    const { origin, size, root } = openCheckpoint(proof.old, trust.log);
    if (origin !== opened.origin)
      throw new TlogError('mismatch', `the checkpoints are of two logs: ${clip(origin)}, ${clip(opened.origin)}`);
    verifyConsistency({ before: size, beforeRoot: root, size: opened.size, root: opened.root, proof: proof.proof });
    return { kind: 'consistency', old: { origin, size, root }, checkpoint };
  }
  if (data !== undefined && proof.data !== undefined && !data.equals(proof.data))
    throw new TlogError('mismatch', 'the proof is of other data than was given');
  const logged = data ?? proof.data;
  if (logged === undefined) throw new TlogError('missing', 'the proof has no data in it; give the data');
  verifyInclusion({ index: proof.index, size: opened.size, leaf: entryHash(logged), root: opened.root, proof: proof.proof });
  return { kind: 'inclusion', index: proof.index, data: logged, checkpoint };
}

/** What a checkpoint is worth: throws TlogError unless it is of the trusted origin and all trusted witnesses cosigned it. */
export function witnessedBy({ origin, size, root, cosignatures }: SignedCheckpoint, trust: Trust): CheckedCheckpoint {
  if (trust.origin !== undefined && trust.origin !== origin)
    throw new TlogError('mismatch', `the checkpoint is of the log ${clip(origin)}, not ${clip(trust.origin)}`);
  const cosigned = (trust.witnesses ?? []).map(({ name, id }) => {
    const times = cosignatures.filter((each) => each.name === name && each.id === id).map(({ bytes }) => cosignatureTime(bytes));
    if (times.length === 0) throw new TlogError('missing', `the witness ${name} did not cosign the checkpoint`);
    return { name, time: Math.max(...times) };
  });
  return { origin, size, root, cosigned };
}

function word(line: string | undefined, name: string): string {
  if (line?.startsWith(`${name} `) !== true) throw new TlogError('malformed', `the proof has no line "${name}" in its place`);
  return line.slice(name.length + 1);
}

function hashes(lines: readonly string[]): readonly Hash[] {
  if (lines.length > MAX_PROOF) throw new TlogError('malformed', `a proof has at most ${MAX_PROOF} hashes`);
  return lines.map((line) => parseHash(line, 'a hash of the proof'));
}
