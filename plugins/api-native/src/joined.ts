/** Lines that were joined last, by the first of them. They go with it. */
const kept = new WeakMap<Buffer, { readonly lines: readonly Buffer[]; readonly bytes: Buffer }>();

/** Lines as one piece of bytes, made once for all who ask for the same lines. Nobody may change it. Precondition: there is one at least. */
export function joined(lines: readonly Buffer[]): Buffer {
  const first = lines[0] as Buffer;
  const last = kept.get(first);
  if (last?.lines.length === lines.length && lines.every((line, index) => line === last.lines[index])) return last.bytes;
  const bytes = Buffer.concat(lines);
  kept.set(first, { lines, bytes });
  return bytes;
}
