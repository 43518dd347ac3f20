import { readFile, readlink } from 'node:fs/promises';

/** Where pids mean what they mean: this boot, this pid namespace. */
export async function pidSpace(): Promise<{ readonly boot: string; readonly namespace: string }> {
  return { boot: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(), namespace: await readlink('/proc/self/ns/pid') };
}

/** What proc(5) says of a process; undefined when there is none, or only its corpse. */
export interface ProcessStatus {
  readonly parent: number;
  /** Clock ticks since the boot: with the pid, it names one process for ever. */
  readonly start: string;
}

export async function processStatus(pid: number): Promise<ProcessStatus | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  // The name before it may hold anything, a ")" too.
  const [state, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  return { parent: Number(parent), start: rest[17] ?? '' };
}
