import { closeSync, openSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { Refusal, refusalOf } from './kernel-error.ts';
import { libc } from './libc.ts';

const CLONE_NEWNET = 0x40000000;

/** The thread's home: opened before it ever leaves. */
let home: number | undefined;

/**
 * Runs `work` with this thread in another network namespace, and brings the thread back whatever happens. `way` is a
 * namespace file, a function that moves the thread, or undefined for staying at home. `work` must be synchronous: setns(2) moves
 * one thread, and nothing else may run on it meanwhile, nor may it start threads. A thread that cannot come back ends.
 */
export function visit<T>(way: string | undefined | (() => void), work: () => T): T {
  if (way === undefined) return work();
  if (isMainThread) throw new Refusal('INTERNAL', 'the main thread must not change namespaces');
  home ??= openSync('/proc/thread-self/ns/net', 'r');
  if (typeof way === 'function') way();
  else enter(way);
  try {
    return work();
  } finally {
    goHome(home);
  }
}

function enter(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw refusalOf(error, { namespace: path });
  }
  try {
    libc.setns(fd, CLONE_NEWNET);
  } finally {
    closeSync(fd);
  }
}

function goHome(fd: number): void {
  try {
    libc.setns(fd, CLONE_NEWNET);
  } catch {
    // In a worker this ends the thread alone; its open calls fail and the next call starts a fresh one at home.
    process.exit(70);
  }
}
