import { constants, readFile, writeFile } from 'node:fs/promises';
import { ShiplogError } from '@shiplog/contracts';
import { errnoOf } from './errno.ts';

// Without O_CREAT: where the kernel has no such file, the answer is ENOENT and not a refusal to make one.
const WRITE = constants.O_WRONLY | constants.O_TRUNC;

/**
 * Writes a value into a kernel control file, in one write(2). Repeating it is harmless.
 * Throws KERNEL_CALL_FAILED with the path, the value and errno: ENOENT if there is no such file, which is never made.
 */
export async function writeControl(path: string, value: string | number): Promise<void> {
  try {
    await writeFile(path, String(value), { flag: WRITE });
  } catch (error) {
    const errno = errnoOf(error) ?? 'EIO';
    throw new ShiplogError(
      'KERNEL_CALL_FAILED',
      `${path} does not take ${value}: ${errno}`,
      { call: 'write', path, value, errno },
      { cause: error },
    );
  }
}

// No file; the group went away while it was read; a file that has no answer here.
const ABSENT = new Set(['ENOENT', 'ENODEV', 'EOPNOTSUPP', 'ENOTSUP']);

/** A control file's text, trimmed; '' if there is none, as where a controller is missing or the group is gone. Throws KERNEL_CALL_FAILED. */
export async function readControl(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== undefined && ABSENT.has(errno)) return '';
    throw new ShiplogError(
      'KERNEL_CALL_FAILED',
      `${path} cannot be read: ${errno ?? 'EIO'}`,
      { call: 'read', path, errno: errno ?? 'EIO' },
      { cause: error },
    );
  }
}

/** The number in a control file: `max` and what is absent are `otherwise`. */
export async function readControlNumber(path: string, otherwise = 0): Promise<number> {
  const text = await readControl(path);
  return /^-?\d+$/.test(text) ? Number(text) : otherwise;
}

/** A control file of `name number` lines. Other lines are left out; {} if there is no file. */
export async function readControlTable(path: string): Promise<{ readonly [name: string]: number }> {
  const table: Record<string, number> = {};
  for (const line of (await readControl(path)).split('\n')) {
    const [name, value] = line.split(' ');
    if (name !== undefined && name !== '' && value !== undefined && /^-?\d+$/.test(value)) table[name] = Number(value);
  }
  return table;
}
