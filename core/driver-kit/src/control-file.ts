import { readFile, writeFile } from 'node:fs/promises';
import { ShiplogError } from '@shiplog/contracts';

/** Writes a value into a kernel control file. Throws KERNEL_CALL_FAILED with the path, the value and errno. */
export async function writeControl(path: string, value: string | number): Promise<void> {
  try {
    await writeFile(path, String(value));
  } catch (error) {
    const { code: errno = 'EIO' } = error as NodeJS.ErrnoException;
    throw new ShiplogError('KERNEL_CALL_FAILED', `${path} does not take ${value}: ${errno}`, { call: 'write', path, value, errno }, { cause: error });
  }
}

/** A control file's text, trimmed; '' if there is none, as where a controller is missing or the group is gone. */
export async function readControl(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'EOPNOTSUPP') return '';
    throw error;
  }
}

/** The number in a control file: `max` and what is absent are `otherwise`. */
export async function readControlNumber(path: string, otherwise = 0): Promise<number> {
  const text = await readControl(path);
  return /^-?\d+$/.test(text) ? Number(text) : otherwise;
}

/** A control file of `name number` lines. */
export async function readControlTable(path: string): Promise<{ readonly [name: string]: number }> {
  const table: Record<string, number> = {};
  for (const line of (await readControl(path)).split('\n')) {
    const [name, value] = line.split(' ');
    if (name !== undefined && name !== '' && value !== undefined) table[name] = Number(value);
  }
  return table;
}
