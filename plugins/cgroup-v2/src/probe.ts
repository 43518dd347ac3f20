import type { Probe } from '@shiplog/contracts';
import { readControl } from '@shiplog/driver-kit';
import { mountPoint } from './mount-point.ts';

const WANTED = ['memory', 'pids'];

/** Usable where the unified hierarchy has the controllers a container needs. `find` answers where it is mounted. Reads only. */
export async function probe(find: () => Promise<string | undefined> = mountPoint): Promise<Probe> {
  const mount = await find();
  if (mount === undefined) return { usable: false, reason: 'no unified hierarchy (cgroup2) is mounted' };
  const has = (await readControl(`${mount}/cgroup.controllers`)).split(' ');
  const lacks = WANTED.filter((controller) => !has.includes(controller));
  if (lacks.length === 0) return { usable: true };
  return { usable: false, reason: `the unified hierarchy has no ${lacks.join(' and no ')} controller: version 1 has it` };
}
