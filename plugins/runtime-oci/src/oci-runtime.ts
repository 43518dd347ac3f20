import { access, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { type Ended, runCommand } from './run-command.ts';

const PATHS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** statfs(2) f_type of a cgroup v2 mount. */
const CGROUP2_MAGIC = 0x63677270;
const V2_OF_HYBRID = '/sys/fs/cgroup/unified';

/** One OCI runtime as it can be run on this host. */
export interface OciRuntime {
  readonly name: 'crun' | 'runc';
  /** What the monitor is told to run: the program, or one that runs it. */
  readonly path: string;
  /** Words before the verb. */
  readonly flags: readonly string[];
  /** The program itself with its own flags: enough for verbs that do not look at cgroups. */
  readonly program: string;
  readonly programFlags: readonly string[];
}

/** Finds a program in the usual places. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of PATHS) {
    const path = join(directory, name);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

/**
 * Chooses how to run containers: `wanted` is `crun`, `runc`, or '' for the first that works.
 *
 * crun refuses a cgroup hierarchy that is half v1 and half v2 while the v2 half has controllers ("cgroups in hybrid mode not
 * supported"), although it needs none of them. There it is run in a mount namespace of its own in which the v2 half is covered;
 * the host's mounts stay as they are.
 */
export async function chooseRuntime(wanted: string, state: string): Promise<OciRuntime> {
  const crun = wanted === 'runc' ? undefined : await findProgram('crun');
  if (crun !== undefined) {
    const programFlags = ['--root', state, '--cgroup-manager=cgroupfs'];
    if (!(await isHybridWithControllers())) return { name: 'crun', path: crun, flags: programFlags, program: crun, programFlags };
    const busybox = await findProgram('busybox');
    if (busybox !== undefined) {
      const flags = [...withoutUnified(busybox, crun), ...programFlags];
      return { name: 'crun', path: busybox, flags, program: crun, programFlags };
    }
  }
  const runc = wanted === 'crun' ? undefined : await findProgram('runc');
  if (runc !== undefined) return { name: 'runc', path: runc, flags: ['--root', state], program: runc, programFlags: ['--root', state] };
  throw new ShiplogError(
    'HOST_UNSUITABLE',
    `${wanted === '' ? 'neither crun nor runc' : wanted} is installed; install it (apt-get install crun)`,
    { wanted },
  );
}

/** Runs `start` or `delete`: verbs that do not look at cgroups, for which the program itself is enough. */
export function invoke(runtime: OciRuntime, words: readonly string[]): Promise<Ended> {
  return runCommand(runtime.program, [...runtime.programFlags, ...words]);
}

async function isHybridWithControllers(): Promise<boolean> {
  try {
    if ((await statfs(V2_OF_HYBRID)).type !== CGROUP2_MAGIC) return false;
    return (await readFile(`${V2_OF_HYBRID}/cgroup.controllers`, 'utf8')).trim() !== '';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * busybox's words for unshare(1), mount(8) and crun; busybox, because one static program that is all three starts fastest. No
 * script in a file: the run directory may be mounted noexec. Covered rather than unmounted: crun makes its cgroup there
 * whatever is there, and would make it in the tmpfs below, where the host never sees it again.
 */
function withoutUnified(busybox: string, crun: string): readonly string[] {
  const script = `${busybox} mount -t tmpfs -o size=64k,mode=700 tmpfs ${V2_OF_HYBRID} && exec ${crun} "$@"`;
  return ['unshare', '-m', busybox, 'sh', '-c', script, 'crun'];
}
