import type { Operation } from './operation.ts';
import { type DiskState, SimulatedDisk } from './simulated-disk.ts';

/** Ways in which a machine or a process can go, and what each leaves on the disk. */
export const KINDS = ['kill', 'power loss', 'torn write', 'zeroed tail'] as const;

export type Kind = (typeof KINDS)[number];

/** One state of the disk, and all crashes that leave just this one. */
export interface CrashPoint {
  readonly kind: Kind;
  /** The first crash: after so many operations. */
  readonly after: number;
  /** The last position acknowledged before the last of these crashes; -1 for none. */
  readonly acknowledged: number;
  /** How many crashes: a sync that changes nothing, or a write of an acknowledgement, leaves the disk as it was. */
  readonly crashes: number;
}

/** Of what was under way, how much reached the disk. */
const TORN_SHARES = [0.25, 0.5, 0.75];
const ZEROED_SHARE = 0.5;

/** Every crash before and after every operation, in groups of equal outcome. Operations on `ackFile` are acknowledgements. */
export function crashPoints(operations: readonly Operation[], ackFile: string): CrashPoint[] {
  const points = new Map<string, CrashPoint>();
  replay(operations, ackFile, (disk, after, acknowledged) => {
    for (const { kind, state } of statesOf(disk)) {
      const key = `${kind}\n${state.key}`;
      const known = points.get(key);
      points.set(key, { kind, after: known?.after ?? after, acknowledged, crashes: (known?.crashes ?? 0) + 1 });
    }
  });
  return [...points.values()];
}

/** Makes the states of some crash points, in their order of `after`. A state is to be used before the next is asked for. */
export function* statesAt(
  operations: readonly Operation[],
  ackFile: string,
  points: readonly CrashPoint[],
): Generator<{ readonly point: CrashPoint; readonly state: DiskState }> {
  const wanted = Map.groupBy(points, ({ after }) => after);
  const disk = new SimulatedDisk();
  for (let after = 0; after <= operations.length; after++) {
    const operation = operations[after - 1];
    if (operation !== undefined && operation.path !== ackFile) disk.apply(operation);
    const here = wanted.get(after);
    if (here === undefined) continue;
    // Several states of a kind may first be seen after one operation: each point takes the next of its kind.
    const states = [...statesOf(disk)];
    for (const point of here) {
      const index = states.findIndex(({ kind }) => kind === point.kind);
      const [found] = states.splice(index, 1);
      if (found !== undefined) yield { point, state: found.state };
    }
  }
}

function replay(
  operations: readonly Operation[],
  ackFile: string,
  visit: (disk: SimulatedDisk, after: number, acknowledged: number) => void,
): void {
  const disk = new SimulatedDisk();
  let acknowledged = -1;
  visit(disk, 0, acknowledged);
  for (const [index, operation] of operations.entries()) {
    if (operation.path !== ackFile) disk.apply(operation);
    else if (operation.type === 'write') acknowledged = Math.max(acknowledged, Number(operation.bytes.toString()));
    visit(disk, index + 1, acknowledged);
  }
}

function* statesOf(disk: SimulatedDisk): Generator<{ readonly kind: Kind; readonly state: DiskState }> {
  yield { kind: 'kill', state: disk.written() };
  yield { kind: 'power loss', state: disk.synced() };
  if (!disk.hasPending) return;
  for (const share of TORN_SHARES) yield { kind: 'torn write', state: disk.torn(share, false) };
  yield { kind: 'zeroed tail', state: disk.torn(ZEROED_SHARE, true) };
}
