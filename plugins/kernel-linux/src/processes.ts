import { readFileSync, readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { type ProcessCalls, type ProcessOrigin, ShiplogError } from '@shiplog/contracts';
import { filterProgram } from './filter-program.ts';
import { errnoOf, kernelError } from './kernel-error.ts';
import type { LaneCall } from './lane.ts';
import { libc } from './libc.ts';
import { posixSpawn } from './posix-spawn.ts';
import { reporting, reportingEach, reportingLater } from './report.ts';
import { runProgram } from './run-program.ts';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const LOCK_EX_NB = 2 | 4;

/**
 * Start time out of /proc/<pid>/stat (proc(5), field 22), undefined for a process that has ended. The name in field 2
 * may hold anything, so fields are counted from the last `)`.
 */
export function parseStartTicks(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const start = fields[19];
  return start === undefined || state === 'Z' || state === 'X' ? undefined : Number(start);
}

// Of /proc, only what the kernel answers from memory without waiting for the process is read here: at once, since a pool
// thread's wake-ups take ten times longer than the reading.
export function startTicks(pid: number): number | undefined {
  try {
    return parseStartTicks(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errnoOf(error))) return undefined;
    throw error;
  }
}

/** loginuid of a process in whose ancestry nobody logged in: (uid_t)-1. */
const NO_LOGIN = 4_294_967_295;

/** A process's group out of /proc/<pid>/cgroup (cgroups(7)): the unified path, or systemd's where nothing uses the unified one. */
export function parseCgroup(text: string): string | undefined {
  const paths = new Map(text.split('\n').map((line) => [line.split(':')[1], line.split(':').slice(2).join(':')]));
  const unified = paths.get('');
  return unified === undefined || unified === '/' ? (paths.get('name=systemd') ?? unified) : unified;
}

function origin(pid: number): ProcessOrigin | undefined {
  const start = startTicks(pid);
  if (start === undefined) return undefined;
  const exe = ifReadable(() => readlinkSync(`/proc/${pid}/exe`));
  const login = ifReadable(() => readFileSync(`/proc/${pid}/loginuid`, 'utf8'));
  const groups = ifReadable(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  const loginuid = login === undefined ? NO_LOGIN : Number(login);
  const cgroup = groups === undefined ? undefined : parseCgroup(groups);
  return {
    start,
    ...(exe === undefined ? {} : { exe }),
    ...(loginuid === NO_LOGIN ? {} : { loginuid }),
    ...(cgroup === undefined ? {} : { cgroup }),
  };
}

/** Undefined where the process ended meanwhile, the kernel was built without the file, or it may not be read. */
function ifReadable(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(errnoOf(error))) return undefined;
    throw error;
  }
}

async function kill(pid: number, signal: number, expected?: number): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) throw kernelError('pidfd_open', 'EINVAL', { pid });
  let fd: number;
  try {
    fd = libc.pidfdOpen(pid);
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false;
    throw error;
  }
  try {
    // The descriptor is held before the look, so what is signalled is never a later process of the same number.
    const found = startTicks(pid);
    if (found === undefined || (expected !== undefined && found !== expected)) return false;
    libc.pidfdSendSignal(fd, signal, pid);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false;
    throw error;
  } finally {
    libc.close(fd);
  }
}

async function lock(path: string): Promise<{ release(): Promise<void> } | undefined> {
  // 'a+' creates without cutting; node opens with O_CLOEXEC, so no child inherits the lock.
  const file = await open(path, 'a+', 0o600);
  try {
    libc.flock(file.fd, LOCK_EX_NB, path);
  } catch (error) {
    await file.close();
    if (errnoOf(error) === 'EAGAIN') return undefined;
    throw error;
  }
  return { release: () => file.close() };
}

/** The process port. The calls made here do not wait; `call` is a kernel thread. */
export function processCalls(call: LaneCall): ProcessCalls {
  let boot: string | undefined;
  return {
    spawn: (spawned) => reportingLater(() => posixSpawn(spawned)),
    run: (ran) => reportingLater(() => runProgram(ran)),
    filter: (filtered) => reportingEach(filterProgram(filtered)),
    kill: (pid, signal, expected) => reportingLater(() => kill(pid, signal, expected)),
    startTicks: (pid) => reportingLater(async () => startTicks(pid)),
    origin: (pid) => reportingLater(async () => origin(pid)),
    lock: (path) => reportingLater(() => lock(path)),
    bootId: () => (boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    peerCredentials(fd) {
      const found = new Uint8Array(12);
      reporting(() => libc.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, found));
      const view = new DataView(found.buffer);
      return { pid: view.getInt32(0, true), uid: view.getUint32(4, true), gid: view.getUint32(8, true) };
    },
    async portIsFree(protocol, address, port) {
      const ipv4 = address === '' || address === '::' ? '0.0.0.0' : address;
      if (isIPv6(ipv4)) throw new ShiplogError('NOT_SUPPORTED', `IPv6 host addresses are not supported yet: ${address}`, { address });
      return call('portIsFree', protocol, ipv4, port);
    },
  };
}
