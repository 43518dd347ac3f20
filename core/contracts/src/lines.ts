const NEWLINE = 0x0a;

/**
 * The lines of a text in UTF-8, without their ends. Only LF ends one: the line and paragraph separators of Unicode stand in JSON as they are, and
 * node:readline breaks lines at them.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield textOf([...rest, chunk.subarray(from, end)]);
      rest = [];
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (rest.length > 0) yield textOf(rest);
}

function textOf(parts: readonly Uint8Array[]): string {
  const [only = new Uint8Array(), ...more] = parts;
  return (more.length === 0 ? Buffer.from(only.buffer, only.byteOffset, only.length) : Buffer.concat(parts)).toString('utf8');
}
