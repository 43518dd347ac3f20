import { readFile, readlink } from 'node:fs/promises';
import { ShiplogError } from '@shiplog/contracts';

/** A process, as no other is called: pids mean something in a boot and a pid namespace, and come again. */
export interface Owner {
  readonly boot: string;
  readonly namespace: string;
  readonly pid: number;
  /** Clock ticks since the boot, proc(5). */
  readonly start: string;
}

/** This process. */
export async function thisOwner(): Promise<Owner> {
  const start = await startOf(process.pid);
  if (start === undefined) throw new ShiplogError('HOST_UNSUITABLE', '/proc does not say when this process began');
  return { ...(await place()), pid: process.pid, start };
}

/** What became of an owner: `rebooted` means that all is gone that only the kernel had. Undefined where nobody here can tell, or it is alive. */
export async function fateOf(owner: Owner): Promise<'dead' | 'rebooted' | undefined> {
  const { boot, namespace } = await place();
  if (owner.boot !== boot) return 'rebooted';
  if (owner.namespace !== namespace) return undefined;
  return (await startOf(owner.pid)) === owner.start ? undefined : 'dead';
}

async function place(): Promise<Pick<Owner, 'boot' | 'namespace'>> {
  return { boot: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(), namespace: await readlink('/proc/self/ns/pid') };
}

/** Undefined when there is no such process, or only its corpse. */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  });
  // The name before it may hold anything, a ")" too.
  const [state, ...rest] = (text ?? '').slice((text ?? '').lastIndexOf(')') + 2).split(' ');
  return text === undefined || state === 'Z' || state === 'X' ? undefined : rest[18];
}
