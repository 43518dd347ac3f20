import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kernel, ProcessRef } from '@shiplog/contracts';
import { endProcess, lives } from './process-ref.ts';
import { killSessionGroup, type SessionGroup } from './session-group.ts';

/**
 * Kills the process of an exec session and what it started; where it has no group of its own, unless that began a session (setsid(2)). Waits until all
 * are dead. What was started by one that has ended by itself is left alone, as a shell leaves it.
 *
 * Its monitor began a session, so nobody else of the host is in the one that it has: the monitor's, its own, or one that the runtime
 * began on the way and whose leader is gone.
 */
export async function endSession(kernel: Kernel, process: ProcessRef, group: SessionGroup | undefined): Promise<void> {
  if (!(await lives(kernel, process))) return;
  if (group !== undefined) await killSessionGroup(kernel, group);
  // One that may write to control groups can have left its own.
  if (!(await lives(kernel, process))) return;
  const session = await sessionOf(process.pid);
  await endProcess(kernel, process);
  if (session === undefined) return;
  // Until nobody is found: one that was not killed yet may have forked.
  for (let tries = 0; tries < 500; tries += 1) {
    const members = await membersOf(session);
    if (members.length === 0) return;
    for (const pid of members) await kernel.processes.kill(pid, 9);
    await sleep(tries < 20 ? 1 : 10);
  }
}

/** Pids of those in a session that have not ended, without its leader: that may be the monitor. */
async function membersOf(session: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => (pid !== session && (await sessionOf(pid)) === session ? [pid] : [])));
  return found.flat();
}

/** proc(5), field 6 of stat; undefined of a process that has ended. Fields are counted from the last `)`: a name may hold anything. */
async function sessionOf(pid: number): Promise<number | undefined> {
  // ENOENT or ESRCH: it has ended.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return session === undefined || state === 'Z' || state === 'X' ? undefined : Number(session);
}
