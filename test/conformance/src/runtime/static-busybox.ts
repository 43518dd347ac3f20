import { open } from 'node:fs/promises';

const BUSYBOX = '/bin/busybox';
const ADVICE = 'the kit runs it in containers: install the Debian package busybox-static';

/** ELF (elf(5)): type of the program header that names a dynamic linker. */
const PT_INTERP = 3;

/** Why this host has no busybox that runs in an empty root file system; undefined if it has: at {@link BUSYBOX}. */
export async function lackOfBusybox(path = BUSYBOX): Promise<string | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return `there is no ${path}; ${ADVICE}`;
  try {
    const { buffer } = await file.read({ buffer: Buffer.alloc(4096) });
    return isStatic(buffer) ? undefined : `${path} wants the libraries of this host; ${ADVICE}`;
  } finally {
    await file.close();
  }
}

/** Of 64-bit, little-endian programs, which is all that Node runs on here. */
function isStatic(head: Buffer): boolean {
  const [at, size, count] = [Number(head.readBigUInt64LE(0x20)), head.readUInt16LE(0x36), head.readUInt16LE(0x38)];
  const types = Array.from({ length: count }, (_, index) => at + index * size).filter((offset) => offset + 4 <= head.length);
  return types.every((offset) => head.readUInt32LE(offset) !== PT_INTERP);
}
