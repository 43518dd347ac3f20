import type { FileHandle } from 'node:fs/promises';

const BLOCK = 65_536;
const NEWLINE = 0x0a;
const FULL = Buffer.from(' F ');

/** Where the last `count` whole lines of output begin. A line that the monitor wrote in parts counts once. Reads backwards, a block at a time. */
export async function tailOffset(file: FileHandle, size: number, count: number): Promise<number> {
  if (count <= 0) return size;
  let full = 0;
  let rest = Buffer.alloc(0);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - BLOCK);
    const block = Buffer.alloc(end - start);
    await file.read(block, 0, block.length, start);
    const bytes = Buffer.concat([block, rest]);
    let lineEnd = bytes.length;
    for (let at = bytes.length - 1; at >= 0; at -= 1) {
      if (bytes[at] !== NEWLINE || at === lineEnd - 1) continue;
      full += isFull(bytes.subarray(at + 1, lineEnd)) ? 1 : 0;
      if (full > count) return start + lineEnd;
      lineEnd = at + 1;
    }
    rest = bytes.subarray(0, lineEnd);
    end = start;
  }
  return isFull(rest) && full + 1 > count ? rest.length : 0;
}

/** The flag stands within the first 64 bytes; text that looks like it comes later. */
function isFull(line: Buffer): boolean {
  const head = line.subarray(0, 64);
  const full = head.indexOf(FULL);
  const partial = head.indexOf(' P ');
  return full >= 0 && (partial < 0 || full < partial);
}
