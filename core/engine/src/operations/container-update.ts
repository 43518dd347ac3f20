import type { ResourceLimits } from '@shiplog/contracts';
import { limitsOf } from '../containers/container-up.ts';
import type { Operation } from '../commands/operation.ts';
import { decided, type Handler } from './handler.ts';

export const containerUpdate: Handler<'container.update'> = {
  unaffected: { warnings: [] },
  async run(op) {
    const { id, limits } = decided(op);
    const before = op.engine.ledger.head.container(id).spec.resources;
    const { unsupported } = await setLimits(op, id, limits, withoutThem(before, limits));
    return { warnings: unsupported };
  },
  /** Whoever asked does not know, but the limits were decided: they hold from the next start on, and at once where there is a cgroup. */
  async recover(op) {
    const { id, limits } = decided(op);
    const container = op.engine.ledger.head.containers.get(id);
    if (container?.process === undefined) return { status: 'ok', data: { warnings: [] } };
    const { unsupported } = await setLimits(op, id, limits, limits);
    return { status: 'ok', data: { warnings: unsupported } };
  },
  answer: ({ id }, { warnings }) => ({ id, warnings }),
};

/** A driver that fails may have set some: `former` takes them back. */
function setLimits(op: Operation, id: string, limits: ResourceLimits, former: ResourceLimits) {
  const undoArgs = { id, limits: limitsOf(former) };
  return op.step('cgroup', op.engine.parts.chosen.cgroup, 'update', { id, limits: limitsOf(limits) }, { undoArgs });
}

/** What takes `limits` back: what was there before, or none where none was. */
function withoutThem(before: ResourceLimits, limits: ResourceLimits): ResourceLimits {
  const former = Object.keys(limits).map((limit) => [limit, before[limit as keyof ResourceLimits] ?? NONE[limit as keyof ResourceLimits]]);
  return Object.fromEntries(former.filter(([, value]) => value !== undefined));
}

/** How a limit is taken away, where the kernel has a word for it. */
const NONE: ResourceLimits = {
  memoryBytes: -1,
  memorySwapBytes: -1,
  cpuShares: 1024,
  cpuQuotaUs: -1,
  cpuPeriodUs: 100_000,
  pids: -1,
  oomKillDisable: false,
};
