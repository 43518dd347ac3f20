import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ShiplogEvent } from '@shiplog/contracts';
import type { DriverLog } from '@shiplog/driver-kit';

/** What a process's move into a cgroup soon follows: `docker run` starts what it has created. */
const BEFORE_A_JOIN: ReadonlySet<ShiplogEvent['type']> = new Set<ShiplogEvent['type']>([
  'container.create.requested',
  'container.start.requested',
  'container.restart.requested',
  'exec.create.requested',
  'exec.start.requested',
]);

/** How long after the last sign of it a join is expected, and how often the kernel is kept ready meanwhile: ms. */
const EXPECTED = 60;
const EVERY = 8;

/**
 * Makes the next moves of processes between cgroups quick. The first one for a while waits for an RCU grace period, 6 to 20 ms
 * (the kernel's cgroup_threadgroup_rwsem, kernel/cgroup/cgroup.c); those that come within about as long after it wait for
 * nothing. So this wait begins when somebody asks for a container, beside all else, and the runtime then finds it over.
 * What is done to that end changes nothing: this process is moved to where it is.
 */
export class ExpectedJoin {
  #until = 0;
  #under = false;

  /** Begins whenever the log says that a join will follow, from now on until `signal` aborts or the log closes. */
  async follow(log: DriverLog, controller: string, mount: string, signal: AbortSignal): Promise<void> {
    for await (const { type } of log.follow({ from: log.durableSeq + 1, signal })) {
      if (BEFORE_A_JOIN.has(type)) this.begin(controller, mount);
    }
  }

  /** `mount` is any version 1 hierarchy, `controller` a controller in it. Does not wait, and does not fail. */
  begin(controller: string, mount: string): void {
    this.#until = performance.now() + EXPECTED;
    // One at a time: who waits holds a lock that the others would wait for.
    if (this.#under) return;
    this.#under = true;
    const over = (): void => {
      this.#under = false;
    };
    // Failed or not: it is no more than a head start.
    this.#keepReady(controller, mount).then(over, over);
  }

  async #keepReady(controller: string, mount: string): Promise<void> {
    const path = pathOf(controller, await readFile('/proc/self/cgroup', 'utf8'));
    if (path === undefined) return;
    await using group = await open(join(mount, path, 'cgroup.procs'), 'r+');
    // Once at least: where getting here took long, so does the runtime.
    do {
      await group.write(String(process.pid));
      await sleep(EVERY, undefined, { ref: false });
    } while (performance.now() < this.#until);
  }
}

/** The group that /proc/<pid>/cgroup (cgroups(7)) names in the hierarchy of a controller. */
export function pathOf(controller: string, cgroup: string): string | undefined {
  for (const line of cgroup.split('\n')) {
    const [, controllers = '', ...path] = line.split(':');
    if (controllers.split(',').includes(controller)) return path.join(':');
  }
  return undefined;
}
