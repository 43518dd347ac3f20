import type { Process } from '@shiplog/conmon';
import { fields, type Orders } from './orders.ts';

/** Numbers of setrlimit(2) on Linux, which are the same on all architectures that Node runs on. */
const RLIMITS = [
  'CPU',
  'FSIZE',
  'DATA',
  'STACK',
  'CORE',
  'RSS',
  'NPROC',
  'NOFILE',
  'MEMLOCK',
  'AS',
  'LOCKS',
  'SIGPENDING',
  'MSGQUEUE',
  'NICE',
  'RTPRIO',
  'RTTIME',
];

/** What is said of every process, a container's main one and that of an exec session. */
export function processOrders({ args, env = [], user, consoleSize }: Process): Orders {
  return [
    ...args.map((word) => ['argument', word] as const),
    ...env.map((entry) => ['environment', entry] as const),
    ['uid', String(user?.uid ?? 0)],
    ['gid', String(user?.gid ?? 0)],
    ...(user?.additionalGids ?? []).map((gid) => ['group', String(gid)] as const),
    ...(consoleSize === undefined ? [] : [['console-size', `${consoleSize.height} ${consoleSize.width}`] as const]),
  ];
}

/** What is said of the process of an exec session besides. `bounded`: it has no capability that the container lacks. */
export function execOrders(process: Process, cgroups: Orders): Orders {
  return [
    ...processOrders(process),
    ...cgroups,
    ['directory', process.cwd ?? '/'],
    ...(process.noNewPrivileges === true ? [['no-new-privileges', 'yes'] as const] : []),
    ...(process.rlimits ?? []).flatMap(({ type, soft, hard }) => {
      const number = RLIMITS.indexOf(type.replace('RLIMIT_', ''));
      return number === -1 ? [] : [['rlimit', fields(number, soft, hard)] as const];
    }),
  ];
}
