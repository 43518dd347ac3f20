import type { CgroupStats } from '@shiplog/contracts';
import { readControl } from '@shiplog/driver-kit';

type Pressure = NonNullable<CgroupStats['pressure']>;
type Resource = keyof Pressure;

/** How long the group's tasks waited for CPU, memory and I/O (kernel: accounting/psi). Undefined where the kernel does not say. */
export async function pressureOf(directory: string): Promise<Pressure | undefined> {
  const read = async (resource: Resource) => parsePressure(await readControl(`${directory}/${resource}.pressure`));
  const [cpu, memory, io] = await Promise.all([read('cpu'), read('memory'), read('io')]);
  const found = { ...(cpu && { cpu }), ...(memory && { memory }), ...(io && { io }) };
  return Object.keys(found).length === 0 ? undefined : found;
}

/** Lines of `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, the second one `full`; cpu has had that since Linux 5.13. */
export function parsePressure(text: string): Pressure[Resource] {
  const lines = new Map(
    text.split('\n').map((line) => {
      const [name = '', ...pairs] = line.split(' ');
      const values = new Map(pairs.map((pair) => [pair.split('=')[0], Number(pair.split('=')[1])] as const));
      const value = (key: string): number => values.get(key) ?? 0;
      return [name, { avg10: value('avg10'), avg60: value('avg60'), avg300: value('avg300'), totalUs: value('total') }] as const;
    }),
  );
  const [some, full] = [lines.get('some'), lines.get('full')];
  return some === undefined ? undefined : { some, ...(full === undefined ? {} : { full }) };
}
