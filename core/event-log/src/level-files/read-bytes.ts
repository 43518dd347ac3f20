import { type FileHandle, open, readFile } from 'node:fs/promises';

/** What a disk gives or refuses at once, bytes. */
const SECTORS = 4096;

/** All of a file; zeros where the disk cannot read it (EIO), which no checksum fits. */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    unlessUnreadable(error);
  }
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc((await file.stat()).size);
    for (let at = 0; at < bytes.length; at += SECTORS) await readSectors(file, bytes, at);
    return bytes;
  } finally {
    await file.close();
  }
}

async function readSectors(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  await file.read(bytes, at, Math.min(SECTORS, bytes.length - at), at).catch(unlessUnreadable);
}

function unlessUnreadable(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error;
}
