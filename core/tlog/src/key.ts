import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import { clip, hasControls, parseBase64 } from './encoding.ts';
import { TlogError } from './tlog-error.ts';

/**
 * What a key signs, by its type byte (C2SP signed-note): `note`, a text (Ed25519, 0x01); `cosignature`, that a checkpoint is consistent
 * with all before, and when (Ed25519, 0x04).
 */
export type KeyKind = 'note' | 'cosignature';

const TYPES: { readonly [K in KeyKind]: number } = { note: 0x01, cosignature: 0x04 };

/** A public key with a name: what others write as `<name>+<id>+<key>`. */
export interface VerifierKey {
  readonly kind: KeyKind;
  /** Not empty, no spaces and no `+`. */
  readonly name: string;
  /** First four bytes of SHA-256 over name, type and key; tells keys of one name apart, and is no proof of anything. */
  readonly id: number;
  /** 32 bytes (RFC 8032). */
  readonly bytes: Buffer;
}

/** Checks signatures of one key. A text without its signatures, and one signature's bytes behind the key id. */
export interface Verifier {
  readonly name: string;
  readonly id: number;
  verify(text: string, signature: Buffer): boolean;
}

/** Signs with one key. Where the private half lives is its own matter: a file, an agent, a hardware token. */
export interface Signer {
  readonly name: string;
  readonly id: number;
  /** The signature's bytes, without the key id. */
  sign(text: string): Buffer;
}

const KEY_BYTES = 32;
/** SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410, section 10.1). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** Whether a key may have this name. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !hasControls(name) && !/[\s\u0085+]/u.test(name);
}

/** The public half of an Ed25519 key, under a name. Throws RangeError for another kind of key or an impossible name. */
export function verifierKey(kind: KeyKind, name: string, key: KeyObject): VerifierKey {
  if (key.asymmetricKeyType !== 'ed25519') throw new RangeError(`this takes Ed25519 keys, not ${key.asymmetricKeyType ?? 'secret ones'}`);
  if (!isKeyName(name)) throw new RangeError(`a key cannot be named "${clip(name)}": no spaces, no +, not empty`);
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return withId(kind, name, spki.subarray(-KEY_BYTES));
}

/** `<name>+<id, 8 hex digits>+<Base64 of type and key>` (C2SP signed-note). */
export function formatVerifierKey({ kind, name, id, bytes }: VerifierKey): string {
  return `${name}+${id.toString(16).padStart(8, '0')}+${Buffer.concat([Buffer.of(TYPES[kind]), bytes]).toString('base64')}`;
}

/** Reads a public key. Throws TlogError, also if its id does not belong to it. */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name = '', id = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text) ?? [];
  if (!isKeyName(name)) throw new TlogError('malformed', `"${clip(text)}" is no public key: it looks like NAME+8 hex digits+Base64`);
  const material = parseBase64(encoded, 'the key');
  const kind = (Object.keys(TYPES) as KeyKind[]).find((each) => TYPES[each] === material[0]);
  if (kind === undefined)
    throw new TlogError('malformed', `the key of ${clip(name)} is of type ${material[0] ?? 'none'}; known are 1 and 4`);
  if (material.length !== 1 + KEY_BYTES)
    throw new TlogError('malformed', `the key of ${clip(name)} has ${material.length - 1} bytes, not 32`);
  const key = withId(kind, name, material.subarray(1));
  if (key.id !== Number.parseInt(id, 16)) throw new TlogError('malformed', `the id ${id} does not belong to the key of ${clip(name)}`);
  return key;
}

/** The private key's own name, for signature lines: {@link Signer} of notes. Throws as {@link verifierKey}. */
export function noteSigner(name: string, privateKey: KeyObject): Signer {
  const { id } = verifierKey('note', name, privateKey);
  return { name, id, sign: (text) => sign(null, Buffer.from(text), privateKey) };
}

/**
 * Signs checkpoints as a witness does, with the time, seconds since the epoch (C2SP tlog-cosignature). The signer trusts its caller
 * to have checked that the checkpoint is consistent with all before it.
 */
export function cosigner(name: string, privateKey: KeyObject, seconds: () => number): Signer {
  const { id } = verifierKey('cosignature', name, privateKey);
  return {
    name,
    id,
    sign(text) {
      const time = Math.floor(seconds());
      const signature = Buffer.alloc(TIME_BYTES);
      signature.writeBigUInt64BE(BigInt(time));
      return Buffer.concat([signature, sign(null, cosigned(BigInt(time), text), privateKey)]);
    },
  };
}

const TIME_BYTES = 8;

/** Checks signatures by a public key: of notes, or cosignatures, as the key says. */
export function verifierOf(key: VerifierKey): Verifier {
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI, key.bytes]), format: 'der', type: 'spki' });
  return {
    name: key.name,
    id: key.id,
    verify:
      key.kind === 'note'
        ? (text, signature) => verify(null, Buffer.from(text), publicKey, signature)
        : (text, signature) => {
            if (signature.length < TIME_BYTES) return false;
            const time = signature.readBigUInt64BE();
            return time < 2n ** 63n && verify(null, cosigned(time, text), publicKey, signature.subarray(TIME_BYTES));
          },
  };
}

/** When a cosignature was made, seconds since the epoch. Only true if its verifier accepts it. */
export function cosignatureTime(signature: Buffer): number {
  return Number(signature.readBigUInt64BE());
}

function cosigned(time: bigint, text: string): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
}

function withId(kind: KeyKind, name: string, bytes: Buffer): VerifierKey {
  const digest = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(TYPES[kind]), bytes]), 'buffer');
  return { kind, name, id: digest.readUInt32BE(), bytes: Buffer.from(bytes) };
}
