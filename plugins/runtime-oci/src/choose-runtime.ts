import { readFile, statfs } from 'node:fs/promises';
import { findProgram, type Runtime } from '@shiplog/conmon';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { Crun, type CrunPlace } from './crun.ts';
import { Runc } from './runc.ts';

/** statfs(2) f_type of a cgroup v2 mount. */
const CGROUP2_MAGIC = 0x63677270;
const V2_OF_HYBRID = '/sys/fs/cgroup/unified';

/**
 * Chooses how to run containers: `wanted` is `crun`, `runc`, or `oci` or '' for the first that works. What the runtime knows of
 * them, it keeps in `state`.
 *
 * crun refuses a cgroup hierarchy that is half v1 and half v2 while the v2 half has controllers ("cgroups in hybrid mode not
 * supported"), although it needs none of them. There it is run in a mount namespace of its own in which the v2 half is covered;
 * the host's mounts stay as they are.
 */
export async function chooseRuntime(kernel: Kernel, wanted: string, state: string): Promise<Runtime> {
  const crun = wanted === 'runc' ? undefined : await findProgram('crun');
  if (crun !== undefined) {
    const [isHybrid, busybox] = await Promise.all([isHybridWithControllers(), findProgram('busybox')]);
    if (busybox !== undefined) return new Crun(kernel, state, crun, placeOf(busybox, crun, isHybrid));
    if (!isHybrid) return new Crun(kernel, state, crun);
  }
  const runc = wanted === 'crun' ? undefined : await findProgram('runc');
  if (runc !== undefined) return new Runc(kernel, state, runc);
  throw new ShiplogError(
    'HOST_UNSUITABLE',
    `${wanted === '' || wanted === 'oci' ? 'neither crun nor runc' : wanted} is installed; install it (apt-get install crun)`,
    { wanted },
  );
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
 * A mount namespace of crun's own, by busybox's unshare(1) and mount(8); busybox, because one static program that is all three starts fastest. No
 * script in a file: the run directory may be mounted noexec. The unified half is covered rather than unmounted: crun makes its cgroup there
 * whatever is there, and would make it in the tmpfs below, where the host never sees it again.
 */
function placeOf(busybox: string, crun: string, isHybrid: boolean): CrunPlace {
  const cover = isHybrid ? [`${busybox} mount -t tmpfs -o size=64k,mode=700 tmpfs ${V2_OF_HYBRID}`] : [];
  const script = (...steps: readonly string[]): readonly string[] => {
    const text = [...cover, ...steps, `exec ${crun} "$@"`].join(' && ');
    return [busybox, 'unshare', '-m', busybox, 'sh', '-c', text, 'crun'];
  };
  return {
    words: isHybrid ? script() : [crun],
    showing: (directory, at) => [...script(`${busybox} mount -o bind "$1" "$2"`, 'shift 2'), directory, at],
  };
}
