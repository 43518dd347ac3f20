import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { ociDevices } from './devices.ts';
import { type OwnLimits, ownLimits } from './own-limits.ts';
import { findProgram } from './programs.ts';
import type { Runtime } from './runtime.ts';
import { seccomp } from './seccomp.ts';
import type { Process, Spec } from './spec.ts';
import { userIn } from './user.ts';

/** What `create` and `execCreate` are told about who runs. */
export interface Wanted {
  readonly id: string;
  readonly spec: object;
  readonly user: string;
  readonly groups: readonly string[];
  readonly seccomp: string;
  readonly devices: readonly { readonly hostPath: string; readonly containerPath: string; readonly permissions: string }[];
  readonly allDevices: boolean;
  readonly init: boolean;
  readonly files: { readonly [name: string]: string };
}

/** A file in the bundle. */
const SHARES_PIDS = 'shares-pids';

const INITS = ['docker-init', 'tini-static', 'tini', 'catatonit'];
const INIT_PATH = '/sbin/docker-init';

/**
 * Writes the bundle of a container: its files and config.json, completed by what only this host knows, as `runtime` wants it.
 * Answers the spec as it was before the runtime saw it.
 */
export async function writeBundle(kernel: Kernel, directory: string, wanted: Wanted, runtime: Runtime): Promise<Spec> {
  const files = join(directory, 'files');
  writeFiles(files, wanted.files);
  const spec = await completeSpec(kernel, files, wanted);
  const ownPids = spec.linux.namespaces?.some(({ type, path }) => type === 'pid' && path === undefined) === true;
  if (!ownPids) writeFileSync(join(directory, SHARES_PIDS), '');
  writeFileSync(join(directory, 'config.json'), JSON.stringify(await runtime.prepare(directory, spec)), { mode: 0o600 });
  return spec;
}

/** True when the container in `directory` was made with a pid namespace of its own: all in it ends with its first process. */
export function hasOwnPids(directory: string): boolean {
  return !existsSync(join(directory, SHARES_PIDS));
}

function writeFiles(directory: string, files: Wanted['files']): void {
  const names = Object.keys(files);
  for (const name of names)
    if (name.includes('/') || name.startsWith('.')) throw new ShiplogError('INTERNAL', `a bundle file cannot be called ${name}`);
  if (names.length === 0) return;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content, { mode: 0o644 });
}

/** The spec with what only this host knows: users, seccomp profile, devices, init. `files` is where `bundle:NAME` is. */
export async function completeSpec(kernel: Kernel, files: string, wanted: Wanted): Promise<Spec> {
  const spec = structuredClone(wanted.spec) as Spec;
  spec.mounts = (spec.mounts ?? []).map((mount) =>
    mount.source?.startsWith('bundle:') === true ? { ...mount, source: join(files, mount.source.slice('bundle:'.length)) } : mount,
  );
  const limits = await ownLimits();
  spec.process = await completeProcess(kernel, spec.root.path, spec.process, wanted.user, wanted.groups, limits);
  const profile = await seccomp(wanted.seccomp, spec.process.capabilities?.bounding ?? []);
  if (profile === undefined) delete spec.linux.seccomp;
  else spec.linux.seccomp = profile;
  await addDevices(spec, wanted);
  if (wanted.init) await addInit(spec);
  return spec;
}

/** Completes an OCI process: ids and HOME from the container's own files, and no more than this process itself has. */
export async function completeProcess<P extends Process>(
  kernel: Kernel,
  rootfs: string,
  process: P,
  user: string,
  groups: readonly string[],
  limits: OwnLimits,
): Promise<P> {
  const { uid, gid, additionalGids, home } = await userIn(kernel, rootfs, user, groups);
  const env = process.env ?? [];
  const sets = Object.entries(process.capabilities ?? {}).map(([set, names]) => {
    const had = names.filter((name) => limits.capabilities.has(name));
    // Who is not root has no capabilities but those the kernel keeps for it.
    return [set, uid !== 0 && (set === 'effective' || set === 'permitted') ? [] : had] as const;
  });
  return {
    ...process,
    user: { uid, gid, ...(additionalGids.length === 0 ? {} : { additionalGids }) },
    env: env.some((entry) => entry.startsWith('HOME=')) ? env : [...env, `HOME=${home}`],
    ...(process.capabilities === undefined ? {} : { capabilities: Object.fromEntries(sets) }),
    ...(process.rlimits === undefined
      ? {}
      : {
          rlimits: process.rlimits.map(({ type, soft, hard }) => {
            const most = limits.capabilities.has('CAP_SYS_RESOURCE')
              ? Number.POSITIVE_INFINITY
              : (limits.hard.get(type) ?? Number.POSITIVE_INFINITY);
            return { type, soft: Math.min(soft, most), hard: Math.min(hard, most) };
          }),
        }),
    ...(process.oomScoreAdj === undefined
      ? {}
      : {
          oomScoreAdj: limits.capabilities.has('CAP_SYS_RESOURCE')
            ? process.oomScoreAdj
            : Math.max(process.oomScoreAdj, limits.oomScoreAdj),
        }),
  };
}

async function addDevices(spec: Spec, wanted: Wanted): Promise<void> {
  const found = (
    await Promise.all(wanted.devices.map((device) => ociDevices(device.hostPath, device.containerPath, device.permissions)))
  ).flat();
  const all = wanted.allDevices
    ? (await ociDevices('/dev', '/dev', 'rwm')).filter(
        ({ node }) => !/^\/dev\/(pts|shm|mqueue|ptmx|console|tty$|fd\/|std(in|out|err)$)/.test(node.path),
      )
    : [];
  const nodes = [...all, ...found].map(({ node }) => node);
  if (nodes.length === 0) return;
  spec.linux.devices = [...(spec.linux.devices ?? []), ...nodes];
  spec.linux.resources = { ...spec.linux.resources, devices: [...(spec.linux.resources?.devices ?? []), ...found.map(({ rule }) => rule)] };
}

async function addInit(spec: Spec): Promise<void> {
  for (const name of INITS) {
    const path = await findProgram(name);
    if (path === undefined) continue;
    spec.mounts = [...(spec.mounts ?? []), { destination: INIT_PATH, source: path, type: 'bind', options: ['bind', 'ro'] }];
    spec.process = { ...spec.process, args: [INIT_PATH, '--', ...spec.process.args] };
    return;
  }
  throw new ShiplogError('NOT_SUPPORTED', `--init needs one of ${INITS.join(', ')} on the host; install it (apt-get install tini)`);
}
