import { Type } from '@sinclair/typebox';
import type { ResourceLimits } from '../container-spec.ts';
import { Done, type DriverBase, ResourceId, type VerbsOf, verb } from './verb.ts';

const Bytes = Type.Integer();

/** Shares of wall time in percent over the last 10, 60 and 300 s, and all of it, in which tasks waited. */
const Stalled = Type.Object({ avg10: Type.Number(), avg60: Type.Number(), avg300: Type.Number(), totalUs: Type.Number() });
/** `some`: at least one task waited for it; `full`: all did. */
const Pressure = Type.Object({ some: Stalled, full: Type.Optional(Stalled) });

/** Limits in the same words for v1 and v2; see ResourceLimits. */
export const LimitsSchema = Type.Object({
  memoryBytes: Type.Optional(Bytes),
  memoryReservationBytes: Type.Optional(Bytes),
  memorySwapBytes: Type.Optional(Bytes),
  memorySwappiness: Type.Optional(Type.Integer()),
  oomKillDisable: Type.Optional(Type.Boolean()),
  cpuShares: Type.Optional(Type.Integer()),
  cpuQuotaUs: Type.Optional(Type.Integer()),
  cpuPeriodUs: Type.Optional(Type.Integer()),
  cpusetCpus: Type.Optional(Type.String()),
  cpusetMems: Type.Optional(Type.String()),
  pids: Type.Optional(Type.Integer()),
  ioWeight: Type.Optional(Type.Integer()),
  io: Type.Optional(
    Type.Array(
      Type.Object({
        device: Type.String(),
        readBps: Type.Optional(Bytes),
        writeBps: Type.Optional(Bytes),
        readIops: Type.Optional(Type.Integer()),
        writeIops: Type.Optional(Type.Integer()),
      }),
    ),
  ),
  hugetlb: Type.Optional(
    Type.Unsafe<NonNullable<ResourceLimits['hugetlb']>>(Type.Array(Type.Object({ pageSize: Type.String(), bytes: Bytes }))),
  ),
  rdma: Type.Optional(
    Type.Unsafe<NonNullable<ResourceLimits['rdma']>>(
      Type.Array(Type.Object({ device: Type.String(), handles: Type.Optional(Type.Integer()), objects: Type.Optional(Type.Integer()) })),
    ),
  ),
});

/**
 * A cgroup driver accounts for and limits a container's processes (cgroups(7)).
 *
 * It owns the cgroup `<parent>/<id>` in every hierarchy it uses. The OCI runtime puts the first process into it by
 * `cgroupsPath`; device rules are the runtime's, since on v2 they are BPF programs.
 */
export const CGROUP_VERBS = {
  create: verb({
    doc: 'Makes the cgroup and sets limits. Answers the path for the OCI spec, and limits this host cannot set (each with its reason): those are warnings, not failures.',
    args: Type.Object({ id: ResourceId, limits: LimitsSchema }),
    answer: Type.Object({ cgroupsPath: Type.String(), unsupported: Type.Array(Type.String()) }),
    undo: 'remove',
    simulate: ({ id }) => ({ cgroupsPath: `/simulated/${id}`, unsupported: [] }),
  }),
  update: verb({
    doc: 'Sets limits of an existing cgroup; what is absent stays. Taken back by setting what was there before.',
    args: Type.Object({ id: ResourceId, limits: LimitsSchema }),
    answer: Type.Object({ unsupported: Type.Array(Type.String()) }),
    undo: 'update',
    simulate: () => ({ unsupported: [] }),
  }),
  join: verb({
    doc: 'Moves a process into the cgroup, in every hierarchy.',
    args: Type.Object({ id: ResourceId, pid: Type.Integer({ minimum: 1 }) }),
    answer: Done,
  }),
  freeze: verb({
    doc: 'Freezes all processes, and answers when they are frozen.',
    args: Type.Object({ id: ResourceId }),
    answer: Done,
    undo: 'thaw',
  }),
  thaw: verb({ doc: 'Lets frozen processes run.', args: Type.Object({ id: ResourceId }), answer: Done }),
  kill: verb({
    doc: 'Kills every process in the cgroup, forks included, and answers when it is empty.',
    args: Type.Object({ id: ResourceId }),
    answer: Done,
  }),
  remove: verb({ doc: 'Kills what is left and removes the cgroup.', args: Type.Object({ id: ResourceId }), answer: Done }),
  stats: verb({
    doc: "One sample, in the words of the Docker API's stats where they fit both versions. Times in nanoseconds.",
    args: Type.Object({ id: ResourceId }),
    answer: Type.Object({
      pids: Type.Object({ current: Type.Number(), limit: Type.Number() }),
      cpu: Type.Object({
        usageNs: Type.Number(),
        userNs: Type.Number(),
        systemNs: Type.Number(),
        /** Of each CPU, where the kernel counts that (cgroup v1). */
        perCpuNs: Type.Optional(Type.Array(Type.Number())),
        periods: Type.Number(),
        throttledPeriods: Type.Number(),
        throttledNs: Type.Number(),
      }),
      memory: Type.Object({
        usageBytes: Type.Number(),
        maxUsageBytes: Type.Number(),
        limitBytes: Type.Number(),
        inactiveFileBytes: Type.Number(),
        oomKills: Type.Number(),
        /** How often usage came to the limit. */
        limitHits: Type.Optional(Type.Number()),
        detail: Type.Record(Type.String(), Type.Number()),
      }),
      io: Type.Array(
        Type.Object({
          major: Type.Number(),
          minor: Type.Number(),
          readBytes: Type.Number(),
          writeBytes: Type.Number(),
          reads: Type.Number(),
          writes: Type.Number(),
        }),
      ),
      /** Pressure stall information (kernel: accounting/psi), where the kernel has it by cgroup. */
      pressure: Type.Optional(Type.Object({ cpu: Type.Optional(Pressure), memory: Type.Optional(Pressure), io: Type.Optional(Pressure) })),
    }),
    deadlineMs: 10_000,
    simulate: () => ({
      pids: { current: 0, limit: 0 },
      cpu: { usageNs: 0, userNs: 0, systemNs: 0, periods: 0, throttledPeriods: 0, throttledNs: 0 },
      memory: { usageBytes: 0, maxUsageBytes: 0, limitBytes: 0, inactiveFileBytes: 0, oomKills: 0, detail: {} },
      io: [],
    }),
  }),
  processes: verb({
    doc: 'Pids of all processes in the cgroup, as this host numbers them.',
    args: Type.Object({ id: ResourceId }),
    answer: Type.Object({ pids: Type.Array(Type.Integer()) }),
    deadlineMs: 10_000,
    simulate: () => ({ pids: [] }),
  }),
} as const;

/** One sample of a cgroup. */
export type CgroupStats = Awaited<ReturnType<CgroupDriver['stats']>>;

/** `observe` answers `{resource: 'cgroup', id}`. */
export interface CgroupDriver extends DriverBase, VerbsOf<typeof CGROUP_VERBS> {
  /** As {@link RuntimeDriver.oomKills}, where it is the cgroup that tells and not the runtime's monitor. */
  oomKills?(signal: AbortSignal): AsyncIterable<{ readonly id: string }>;
}
