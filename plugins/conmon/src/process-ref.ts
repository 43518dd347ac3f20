import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kernel, type ProcessRef, ShiplogError } from '@shiplog/contracts';
import type { Container } from './runtime.ts';

/** Keeps which process a container or exec session is, for a later run of the engine. */
export function keepProcess(directory: string, process: ProcessRef): void {
  writeFileSync(`${directory}/process.json`, JSON.stringify(process), { mode: 0o600 });
}

/** The process kept in `directory`, or undefined. */
export function keptProcess(directory: string): ProcessRef | undefined {
  try {
    return JSON.parse(readFileSync(`${directory}/process.json`, 'utf8')) as ProcessRef;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** True when that very process is kept in `directory`. */
export function isKept(directory: string, { pid, startTicks, bootId }: ProcessRef): boolean {
  const kept = keptProcess(directory);
  return kept?.pid === pid && kept.startTicks === startTicks && kept.bootId === bootId;
}

/** Identifies a process that has just been made. One that has ended by now has start time 0. */
export async function identify(kernel: Kernel, pid: number): Promise<ProcessRef> {
  return { pid, startTicks: (await kernel.processes.startTicks(pid)) ?? 0, bootId: kernel.processes.bootId() };
}

/** True while that very process lives. */
export async function lives(kernel: Kernel, process: ProcessRef): Promise<boolean> {
  return (
    process.bootId === kernel.processes.bootId() &&
    process.startTicks !== 0 &&
    (await kernel.processes.startTicks(process.pid)) === process.startTicks
  );
}

/** Throws CONTAINER_NOT_RUNNING when the container's main process has ended. */
export async function assertLives(kernel: Kernel, { id, process }: Container): Promise<void> {
  if (process === undefined || !(await lives(kernel, process)))
    throw new ShiplogError('CONTAINER_NOT_RUNNING', `the process of container ${id} has ended before it was started`, { id });
}

/** Kills a process, and waits until it is dead. */
export async function endProcess(kernel: Kernel, process: ProcessRef): Promise<void> {
  if (process.bootId !== kernel.processes.bootId() || process.startTicks === 0) return;
  if (!(await kernel.processes.kill(process.pid, 9, process.startTicks))) return;
  for (let tries = 0; tries < 500 && (await lives(kernel, process)); tries += 1) await sleep(tries < 20 ? 1 : 10);
}
