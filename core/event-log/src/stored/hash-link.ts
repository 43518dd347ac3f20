import { hash } from 'node:crypto';

/** Bytes of a link (SHA-256). */
export const LINK_BYTES = 32;

/** The link before the first event. */
export const GENESIS: Buffer = Buffer.alloc(LINK_BYTES);

/** Room for a link and a typical event; grows to the largest event seen. */
let scratch = Buffer.allocUnsafeSlow(16_384);

/**
 * The link after an event in logs of format 1: SHA-256 over the link before it and the event's canonical bytes,
 * `bytes[from, to)`. Segments of format 2 are bound to their past by the root of the tree instead.
 */
export function extendLink(link: Buffer, bytes: Buffer, from: number, to: number): Buffer {
  const size = LINK_BYTES + to - from;
  if (size > scratch.length) scratch = Buffer.allocUnsafeSlow(size * 2);
  link.copy(scratch, 0);
  bytes.copy(scratch, LINK_BYTES, from, to);
  return hash('sha256', scratch.subarray(0, size), 'buffer');
}
