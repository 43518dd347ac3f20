import { ShiplogError } from './errors.ts';

const NEWLINE = 0x0a;
/** Bytes of a line at most: more than the state of any engine takes, and less than fills the memory where a small compressed file makes a long one. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * The lines of a text in UTF-8, without their ends. Only LF ends one: the line and paragraph separators of Unicode stand in JSON as they are, and
 * node:readline breaks lines at them. Throws REQUEST_INVALID for a line of more than `most` bytes.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, most = MOST_BYTES): AsyncGenerator<string> {
  let rest: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield textOf([...rest, chunk.subarray(from, end)]);
      rest = [];
      length = 0;
      from = end + 1;
    }
    if (from === chunk.length) continue;
    rest.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > most)
      throw new ShiplogError('REQUEST_INVALID', `a line has more than ${most} bytes, which none of an export has`, { most });
  }
  if (rest.length > 0) yield textOf(rest);
}

function textOf(parts: readonly Uint8Array[]): string {
  const [only = new Uint8Array(), ...more] = parts;
  return (more.length === 0 ? Buffer.from(only.buffer, only.byteOffset, only.length) : Buffer.concat(parts)).toString('utf8');
}
