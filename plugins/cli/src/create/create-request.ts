import { readFile } from 'node:fs/promises';
import type { CreateRequest, HostConfig } from '@shiplog/client';
import { CliError, UsageError } from '../cli-error.ts';
import type { Flags } from '../verb.ts';
import type { CREATE_OPTIONS } from './create-options.ts';
import { compact } from './compact.ts';
import { extraHost } from './extra-host.ts';
import { healthcheck } from './healthcheck.ts';
import { environment, keyValues, readLines } from './key-values.ts';
import { limitsOf, restartPolicy } from './limits.ts';
import { parseMount, parseTmpfs, parseVolumes } from './mounts.ts';
import { parseNetworks } from './networks.ts';
import { parsePorts } from './ports.ts';
import { maybeInteger, maybeSize } from './size.ts';

export type CreateFlags = Flags<typeof CREATE_OPTIONS>;

/**
 * What `run` and `create` ask of `POST /containers/create`, field by field what Docker's own client asks for the same flags. Fields
 * that nobody set are left out. `detached`: nothing will be attached. Throws UsageError; CliError for a file that cannot be read.
 */
export async function createRequest(
  flags: CreateFlags,
  args: readonly string[],
  options: { readonly detached: boolean; readonly env: { readonly [name: string]: string | undefined } },
): Promise<CreateRequest> {
  const [image = '', ...command] = args;
  const { binds, anonymous } = parseVolumes(flags.volume);
  const ports = parsePorts(flags.publish, flags.expose);
  const networks = parseNetworks(flags);
  const attached = attachedStreams(flags, options.detached);
  const labelFiles = (await Promise.all(flags['label-file'].map((path) => readLines('--label-file', path)))).flat();
  return compact({
    Image: image,
    Hostname: flags.hostname,
    Domainname: flags.domainname,
    User: flags.user,
    AttachStdin: attached.stdin,
    AttachStdout: attached.stdout,
    AttachStderr: attached.stderr,
    Tty: flags.tty,
    OpenStdin: flags.interactive,
    StdinOnce: flags.interactive && attached.stdin,
    Env: some(await environment(flags['env-file'], flags.env, options.env)),
    Cmd: some(command),
    // `--entrypoint ''` takes the image's away, which the API says with one empty word.
    Entrypoint: flags.entrypoint === undefined ? undefined : [flags.entrypoint],
    WorkingDir: flags.workdir,
    Labels: filled(keyValues([...labelFiles, ...flags.label])),
    Volumes: filled(anonymous),
    ExposedPorts: filled(ports.exposed),
    StopSignal: flags['stop-signal'],
    Healthcheck: healthcheck(flags),
    StopTimeout: maybeInteger('--stop-timeout', flags['stop-timeout']),
    HostConfig: await hostConfig(flags, binds, ports.bindings, networks.mode),
    NetworkingConfig: Object.keys(networks.endpoints).length === 0 ? undefined : { EndpointsConfig: networks.endpoints },
  });
}

async function hostConfig(flags: CreateFlags, binds: string[], bindings: HostConfig['PortBindings'], mode: string): Promise<HostConfig> {
  const restart = restartPolicy(flags.restart ?? 'no');
  if (flags.rm && restart.Name !== 'no') throw new UsageError('--rm and --restart contradict each other', 'leave one of them out');
  return compact({
    Binds: some(binds),
    Mounts: some(flags.mount.map(parseMount)),
    Tmpfs: filled(parseTmpfs(flags.tmpfs)),
    NetworkMode: mode,
    PortBindings: filled(bindings ?? {}),
    PublishAllPorts: flags['publish-all'] || undefined,
    RestartPolicy: restart,
    AutoRemove: flags.rm || undefined,
    ContainerIDFile: flags.cidfile,
    CapAdd: some(flags['cap-add'].map(capability)),
    CapDrop: some(flags['cap-drop'].map(capability)),
    Privileged: flags.privileged || undefined,
    ReadonlyRootfs: flags['read-only'] || undefined,
    SecurityOpt: some(await Promise.all(flags['security-opt'].map(securityOption))),
    GroupAdd: some([...flags['group-add']]),
    Sysctls: filled(keyValues(flags.sysctl)),
    StorageOpt: filled(keyValues(flags['storage-opt'])),
    ShmSize: maybeSize('--shm-size', flags['shm-size']),
    ...limitsOf(flags),
    Ulimits: some(flags.ulimit.map(ulimit)),
    Devices: some(flags.device.map(device)),
    Dns: some([...flags.dns]),
    DnsSearch: some([...flags['dns-search']]),
    DnsOptions: some([...flags['dns-option']]),
    ExtraHosts: some(flags['add-host'].map(extraHost)),
    IpcMode: flags.ipc,
    PidMode: flags.pid,
    UTSMode: flags.uts,
    CgroupnsMode: flags.cgroupns,
    OomScoreAdj: maybeInteger('--oom-score-adj', flags['oom-score-adj']),
    Runtime: flags.runtime,
    Init: flags.init || undefined,
    Annotations: filled(keyValues(flags.annotation)),
    LogConfig:
      flags['log-driver'] === undefined && flags['log-opt'].length === 0
        ? undefined
        : { Type: flags['log-driver'] ?? '', Config: keyValues(flags['log-opt']) },
  });
}

/** Which streams a client will connect: those of `-a`, else stdout, stderr and, with `-i`, stdin; none when detached. */
export function attachedStreams(
  flags: Pick<CreateFlags, 'attach' | 'interactive'>,
  detached: boolean,
): { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean } {
  const asked = flags.attach.map((stream) => stream.toLowerCase());
  for (const stream of asked) {
    if (!['stdin', 'stdout', 'stderr'].includes(stream)) throw new UsageError(`--attach takes stdin, stdout or stderr, not "${stream}"`);
  }
  if (detached) {
    if (asked.length > 0) throw new UsageError('--attach and --detach contradict each other', 'leave one of them out');
    return { stdin: false, stdout: false, stderr: false };
  }
  if (asked.length > 0) return { stdin: asked.includes('stdin'), stdout: asked.includes('stdout'), stderr: asked.includes('stderr') };
  return { stdin: flags.interactive, stdout: true, stderr: true };
}

/** `net_admin`, `NET_ADMIN` and `CAP_NET_ADMIN` are one. */
function capability(text: string): string {
  const name = text.toUpperCase();
  return name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`;
}

function ulimit(text: string): { Name: string; Soft: number; Hard: number } {
  const match = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  if (match === null) throw new UsageError(`--ulimit "${text}" cannot be read`, 'give NAME=SOFT[:HARD], such as nofile=1024:2048');
  const soft = Number(match[2]);
  return { Name: match[1] ?? '', Soft: soft, Hard: Number(match[3] ?? soft) };
}

function device(text: string): { PathOnHost: string; PathInContainer: string; CgroupPermissions: string } {
  const [host = '', second, third] = text.split(':');
  // `host:rwm` names permissions only; a path is never made of these letters alone.
  const permissionsOnly = second !== undefined && third === undefined && /^[rwm]{1,3}$/.test(second);
  return {
    PathOnHost: host,
    PathInContainer: second === undefined || permissionsOnly ? host : second,
    CgroupPermissions: (permissionsOnly ? second : third) ?? 'rwm',
  };
}

/** A seccomp profile is named by its file here, and sent whole. */
async function securityOption(text: string): Promise<string> {
  const file = /^seccomp[=:](.+)$/.exec(text)?.[1];
  if (file === undefined || file === 'unconfined' || file === 'builtin') return text;
  try {
    return `seccomp=${JSON.stringify(JSON.parse(await readFile(file, 'utf8')))}`;
  } catch (error) {
    throw new CliError(`cannot use the seccomp profile ${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function some<T>(list: T[]): T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function filled<T>(map: Record<string, T>): Record<string, T> | undefined {
  return Object.keys(map).length === 0 ? undefined : map;
}
