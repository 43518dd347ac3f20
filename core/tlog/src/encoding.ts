import { type Hash, HASH_BYTES, hashBytes, hashOf } from './hash.ts';
import { TlogError } from './tlog-error.ts';

/** A whole number as C2SP writes it: decimal, no sign, no leading zeroes. Throws TlogError, also above 2^53 - 1. */
export function parseDecimal(text: string, what: string): number {
  const value = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new TlogError('malformed', `${what} is no whole number: "${clip(text)}"`);
  return value;
}

/** Standard Base64 (RFC 4648, section 4) in its one canonical form: padded, unused bits zero. Throws TlogError. */
export function parseBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new TlogError('malformed', `${what} is not Base64: "${clip(text)}"`);
  return bytes;
}

/** A hash in Base64. Throws TlogError. */
export function parseHash(text: string, what: string): Hash {
  const bytes = parseBase64(text, what);
  if (bytes.length !== HASH_BYTES) throw new TlogError('malformed', `${what} has ${bytes.length} bytes, and a hash ${HASH_BYTES}`);
  return hashOf(bytes);
}

/** A hash in Base64. */
export function formatHash(hash: Hash): string {
  return hashBytes(hash).toString('base64');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text. Throws TlogError unless they are UTF-8. */
export function parseUtf8(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new TlogError('malformed', `${what} is not UTF-8`);
  }
}

/** What strangers wrote, short enough for a message, and unable to move a terminal's cursor. */
export function clip(text: string): string {
  const plain = text.replace(/[^ -~]/g, '.');
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain;
}

/** Whether a text has a control character below U+0020 that is not in `allowed`. */
export function hasControls(text: string, allowed = ''): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x20 && !allowed.includes(text.charAt(at))) return true;
  return false;
}
