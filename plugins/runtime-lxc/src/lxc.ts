import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  assertLives,
  type Container,
  findProgram,
  type Process,
  type Runtime,
  type SessionGroup,
  type Spec,
  writeFifo,
} from '@shiplog/conmon';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { errnoOf, together } from '@shiplog/driver-kit';
import { cgroupOrders, containerOrders } from './container-orders.ts';
import { type Hierarchy, hierarchies } from './hierarchies.ts';
import { lxcConfig } from './lxc-config.ts';
import { makeBeneath, mountEntries } from './mount-entries.ts';
import { type Orders, write } from './orders.ts';
import { execOrders, processOrders } from './process-orders.ts';
import { seccompPolicy } from './seccomp-policy.ts';

const MAIN = fileURLToPath(new URL('../lua/main.lua', import.meta.url));

/** LXC, through a program in Lua that conmon runs as it would crun. */
export class Lxc implements Runtime {
  readonly name = 'lxc';
  readonly flags: readonly string[];
  #hierarchies: Promise<readonly Hierarchy[]> | undefined;

  /** `path` is luajit. `state` is LXC's path of containers: `lxc-info -P <state>` finds those that run. */
  constructor(
    private readonly kernel: Kernel,
    private readonly state: string,
    readonly path: string,
    private readonly busybox: string,
  ) {
    this.flags = [MAIN, '--state', state];
  }

  async prepare(bundle: string, spec: Spec): Promise<Spec> {
    const view = join(bundle, 'cgroup');
    const [all, mounts] = await together([
      this.#allHierarchies(),
      mountEntries(this.kernel, spec, view),
      this.#makeDirectory(spec),
      mkdir(view, { mode: 0o700 }),
    ]);
    const { seccomp } = spec.linux;
    const policy = seccomp === undefined ? undefined : join(bundle, 'seccomp.policy');
    if (seccomp !== undefined && policy !== undefined) await writeFile(policy, seccompPolicy(seccomp), { mode: 0o600 });
    const orders: Orders = [
      ['luajit', this.path],
      ['busybox', this.busybox],
      ...lxcConfig(spec, mounts, policy),
      ...processOrders(spec.process),
      ...cgroupOrders(spec, all),
      ...containerOrders(spec),
    ];
    await writeFile(join(bundle, 'orders'), write(orders), { mode: 0o600 });
    return spec;
  }

  /** The directory a program starts in is made where it is missing, as other runtimes do it. */
  async #makeDirectory({ root, process, mounts = [] }: Spec): Promise<void> {
    const { cwd = '/' } = process;
    if (mounts.some(({ destination }) => cwd === destination || cwd.startsWith(`${destination}/`))) return;
    if (cwd !== '/') await makeBeneath(this.kernel, root.path, cwd, true);
  }

  async processFile(bundle: string, process: Process, group?: SessionGroup): Promise<string> {
    const [all, text] = await Promise.all([this.#allHierarchies(), readFile(join(bundle, 'config.json'), 'utf8')]);
    const spec = JSON.parse(text) as Spec;
    const bounding = new Set(spec.process.capabilities?.bounding);
    const bounded = (process.capabilities?.bounding ?? []).every((name) => bounding.has(name));
    return write([
      ['monitor', join(bundle, 'pid')],
      ...execOrders(process, cgroupOrders(spec, all, group)),
      ...(bounded ? [['bounded', 'yes'] as const] : []),
    ]);
  }

  /** The monitor waits for LXC's own, which ends as the main process does. */
  async made({ bundle }: Container): Promise<number> {
    return Number(await readFile(join(bundle, 'init-pid'), 'utf8'));
  }

  async start(container: Container): Promise<void> {
    try {
      writeFifo(join(container.bundle, 'start'), 's');
    } catch (error) {
      // Nobody is at the gate: the process has passed it, or has ended.
      if (!['ENXIO', 'EPIPE'].includes(errnoOf(error) ?? '')) throw error;
      if (!existsSync(join(container.bundle, 'passed'))) await assertLives(this.kernel, container);
    }
  }

  async forget({ id, bundle, process }: Container): Promise<void> {
    // LXC's monitor ends with the main process, and the one above it after that.
    if (process !== undefined) return;
    for (let tries = 0; ; tries += 1) {
      const left = await this.#processesOf(id, bundle);
      if (left.length === 0) return;
      if (tries > 500) throw new ShiplogError('RUNTIME_FAILED', `what makes container ${id} does not end`, { id });
      // The container's own processes end with LXC's monitor.
      for (const pid of left) await this.kernel.processes.kill(pid, 9);
      await sleep(10);
    }
  }

  /** What makes the container in `bundle`, and LXC's monitor of it, by their command lines. */
  async #processesOf(id: string, bundle: string): Promise<readonly number[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(
      pids.map(async (pid) => {
        const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        const ours = (line.includes(MAIN) && line.includes(bundle)) || line.includes(`[lxc monitor] ${this.state} ${id}`);
        return ours ? [Number(pid)] : [];
      }),
    );
    return found.flat();
  }

  #allHierarchies(): Promise<readonly Hierarchy[]> {
    return (this.#hierarchies ??= hierarchies(this.kernel));
  }
}

/** Finds what is needed. Throws HOST_UNSUITABLE, and says what to install. */
export async function findLxc(kernel: Kernel, state: string): Promise<Runtime> {
  const [luajit, busybox] = await Promise.all([findProgram('luajit'), findProgram('busybox')]);
  if (luajit === undefined || busybox === undefined)
    throw new ShiplogError(
      'HOST_UNSUITABLE',
      'the lxc runtime needs luajit and busybox; install them (apt-get install luajit busybox-static)',
    );
  return new Lxc(kernel, state, luajit, busybox);
}
