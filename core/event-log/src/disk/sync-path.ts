import { open } from 'node:fs/promises';

/** fsync of one file or directory. For a directory: the names in it become durable. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
