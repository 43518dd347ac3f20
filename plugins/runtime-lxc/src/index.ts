import { readdir, readFile } from 'node:fs/promises';
import { findProgram } from '@shiplog/conmon';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { LxcRuntimeDriver } from './driver.ts';

/** Program, and the Debian package that has it. */
const PROGRAMS = [
  ['conmon', 'conmon'],
  ['luajit', 'luajit'],
  ['busybox', 'busybox-static'],
] as const;

const lxc = defineDriver({
  manifest: {
    kind: 'runtime',
    name: 'lxc',
    capabilities: { terminal: true, exec: true, seccomp: true, init: true },
    needs: { binaries: ['conmon', 'luajit', 'busybox', 'liblxc.so.1'], root: true },
    doc: 'Runs containers with LXC, each under a conmon of its own.',
  },
  driver: LxcRuntimeDriver,
  async probe() {
    for (const [program, debianPackage] of PROGRAMS)
      if ((await findProgram(program)) === undefined)
        return { usable: false, reason: `${program} is not installed (apt-get install ${debianPackage})` };
    if (!(await hasLibrary())) return { usable: false, reason: 'liblxc.so.1 is not installed (apt-get install liblxc1 liblxc-common)' };
    // On version 2 device rules are BPF programs, and without rules a container could use every device of the host.
    if (!/ - cgroup \S+ (?:\S+,)?devices\b/.test(await readFile('/proc/self/mountinfo', 'utf8')))
      return { usable: false, reason: 'this host has no version 1 cgroup hierarchy of devices, in which their rules are set' };
    return { usable: true };
  },
});

async function hasLibrary(): Promise<boolean> {
  const places = ['/usr/lib', '/usr/lib64', '/usr/local/lib'];
  const inside = (await readdir('/usr/lib')).filter((name) => name.endsWith('-linux-gnu')).map((name) => `/usr/lib/${name}`);
  const lists = await Promise.all([...places, ...inside].map((place) => readdir(place).catch(() => [])));
  return lists.flat().includes('liblxc.so.1');
}

export default definePlugin({ manifest: { name: '@shiplog/runtime-lxc', version: '0.1.0', api: [1] }, drivers: [lxc] });
