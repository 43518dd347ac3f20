import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long after its cgroup was made a container's join is expected, and how often the kernel is kept ready meanwhile: ms. */
const EXPECTED = 60;
const EVERY = 8;

/**
 * Makes the next moves of processes between cgroups quick. The first one for a while waits for an RCU grace period, 6 to 20 ms
 * (the kernel's cgroup_threadgroup_rwsem, kernel/cgroup/cgroup.c); those that come within about as long after it wait for
 * nothing. So a container that is being made has this wait begin at once, beside all else, and its runtime then finds it over.
 * What is done to that end changes nothing: this process is moved to where it is.
 */
export class ExpectedJoin {
  #until = 0;
  #under = false;

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
    while (performance.now() < this.#until) {
      await group.write(String(process.pid));
      await sleep(EVERY, undefined, { ref: false });
    }
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
