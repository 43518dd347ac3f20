import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFifo } from '@shiplog/conmon';
import { errnoOf } from '@shiplog/driver-kit';

/*
 * Two verbs of crun for which no process is needed. What it keeps of a container is one directory in its --root: `status`, and
 * `exec.fifo` until the container starts (crun 1.x, src/libcrun/status.c).
 */

/**
 * Lets a created process run its program, as `crun start` does: by a byte into the FIFO that it waits at. False where nobody
 * waits: it has been let go before, or it has ended.
 */
export function letGo(state: string): boolean {
  try {
    writeFifo(join(state, 'exec.fifo'), '0');
    return true;
  } catch (error) {
    if (['ENOENT', 'ENXIO', 'EPIPE'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

/** The FIFO is what tells crun a created container from a running one. */
export function markStarted(state: string): void {
  rmSync(join(state, 'exec.fifo'), { force: true });
}

/** Forgets a container whose process has ended, as `crun delete` does; the cgroup is the cgroup driver's. */
export function forget(state: string): void {
  rmSync(state, { recursive: true, force: true });
}
