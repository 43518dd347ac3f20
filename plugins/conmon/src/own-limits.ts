import { readFile } from 'node:fs/promises';

/** Capabilities by number (capabilities(7), linux/capability.h). */
const NAMES = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW ' +
  'IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD ' +
  'LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');

/** What this process may hand on: nobody can give more than they have. */
export interface OwnLimits {
  readonly capabilities: ReadonlySet<string>;
  readonly oomScoreAdj: number;
  /** Hard limits by OCI name, such as RLIMIT_NOFILE. */
  readonly hard: ReadonlyMap<string, number>;
}

const LIMITS: { readonly [proc: string]: string } = {
  'Max open files': 'RLIMIT_NOFILE',
  'Max processes': 'RLIMIT_NPROC',
  'Max core file size': 'RLIMIT_CORE',
  'Max stack size': 'RLIMIT_STACK',
  'Max data size': 'RLIMIT_DATA',
  'Max file size': 'RLIMIT_FSIZE',
  'Max locked memory': 'RLIMIT_MEMLOCK',
  'Max address space': 'RLIMIT_AS',
  'Max resident set': 'RLIMIT_RSS',
  'Max cpu time': 'RLIMIT_CPU',
  'Max file locks': 'RLIMIT_LOCKS',
  'Max pending signals': 'RLIMIT_SIGPENDING',
  'Max msgqueue size': 'RLIMIT_MSGQUEUE',
  'Max nice priority': 'RLIMIT_NICE',
  'Max realtime priority': 'RLIMIT_RTPRIO',
  'Max realtime timeout': 'RLIMIT_RTTIME',
};

let cached: Promise<OwnLimits> | undefined;

/** Reads this process's own limits (proc(5)), once: they do not grow while it runs. */
export function ownLimits(): Promise<OwnLimits> {
  return (cached ??= Promise.all([
    readFile('/proc/self/status', 'utf8'),
    readFile('/proc/self/limits', 'utf8'),
    readFile('/proc/self/oom_score_adj', 'utf8'),
  ]).then(([status, limits, oom]) => parseLimits(status, limits, oom)));
}

/** `status`, `limits` and `oom` are the texts of the files in /proc/<pid>. */
export function parseLimits(status: string, limits: string, oom: string): OwnLimits {
  const bits = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const hard = new Map<string, number>();
  for (const line of limits.split('\n')) {
    const [, name, , value] = /^(Max [a-z ]+?)\s{2,}(\S+)\s+(\S+)/.exec(line) ?? [];
    const oci = LIMITS[name ?? ''];
    if (oci !== undefined && value !== undefined && value !== 'unlimited') hard.set(oci, Number(value));
  }
  return {
    capabilities: new Set(NAMES.filter((_, bit) => ((bits >> BigInt(bit)) & 1n) === 1n).map((name) => `CAP_${name}`)),
    oomScoreAdj: Number(oom),
    hard,
  };
}
