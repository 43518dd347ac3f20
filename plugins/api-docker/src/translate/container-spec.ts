import type { ContainerSpec, NamespaceMode } from '@shiplog/contracts';
import { sizeBytes } from '@shiplog/contracts/size';
import type { Fields } from '../http/fields.ts';
import type { ApiVersion } from '../http/version.ts';
import { healthcheckOf } from './healthcheck.ts';
import { mountsOf } from './mounts.ts';
import { extraHostsOf, isUserMade, networkingOf } from './networking.ts';
import { exposedPorts, portBindings } from './ports.ts';
import { invalid, refuseFields } from './refusals.ts';
import { devicesOf, resourcesOf, ulimitsOf } from './resources.ts';
import { restartOf } from './restart-policy.ts';
import { capabilities, securityOf } from './security.ts';

/** What the translation needs to know of the engine. */
export interface SpecContext {
  readonly version: ApiVersion;
  readonly defaultLogDriver: string;
  /** Of containers with that driver, before their own. */
  readonly defaultLogOptions?: { readonly [option: string]: string };
  /** Address of the host on the default bridge; '' if there is none. */
  readonly hostGateway: string;
  /** How many CPUs the host has. */
  readonly hostCpus: number;
}

/** A create request, translated. `env` is still in the clear: seal it. `warnings` go to the client. */
export interface TranslatedCreate {
  readonly spec: Omit<ContainerSpec, 'env'>;
  readonly env: readonly string[];
  readonly warnings: readonly string[];
}

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

/**
 * A body of `POST /containers/create` as a container spec. Throws REQUEST_INVALID for a field of the wrong type,
 * SPEC_INVALID for what makes no sense, NOT_SUPPORTED for what this engine cannot honour and would be missed. What would
 * not be missed is left out with a warning.
 */
export function translateCreate(body: Fields, context: SpecContext): TranslatedCreate {
  const { hostCpus } = context;
  const hostConfig = body.object('HostConfig');
  refuseFields(hostConfig, ['Cgroup']);
  const networking = networkingOf(body, hostConfig, context.version);
  // On networks that a user made Docker heeds links of endpoints alone; compose sends these with every one-off container.
  if (!isUserMade(networking.networkMode)) refuseFields(hostConfig, ['Links']);
  const warnings: string[] = [];
  const image = body.string('Image');
  if (image === '') throw invalid('no image specified');
  const env = body.strings('Env');
  for (const entry of env) if (entry === '' || entry.startsWith('=')) throw invalid(`invalid environment variable: ${entry}`);
  const shell = body.strings('Shell');
  const spec: Omit<ContainerSpec, 'env'> = {
    image,
    ...identityOf(body),
    ...processOf(body),
    ...networking,
    ...namespacesOf(hostConfig, warnings),
    ...securityOf(hostConfig.strings('SecurityOpt')),
    ...logOf(hostConfig, context),
    exposedPorts: exposedPorts(body),
    networkDisabled: body.boolean('NetworkDisabled'),
    autoRemove: hostConfig.boolean('AutoRemove'),
    restart: restartOf(hostConfig),
    ports: portBindings(hostConfig),
    publishAllPorts: hostConfig.boolean('PublishAllPorts'),
    dns: hostConfig.strings('Dns'),
    dnsSearch: hostConfig.strings('DnsSearch'),
    dnsOptions: hostConfig.strings('DnsOptions'),
    extraHosts: extraHostsOf(hostConfig.strings('ExtraHosts'), context.hostGateway),
    mounts: mountsOf(body, hostConfig),
    readonlyRootfs: hostConfig.boolean('ReadonlyRootfs'),
    shmSizeBytes: shmSizeOf(hostConfig),
    privileged: hostConfig.boolean('Privileged'),
    capAdd: capabilities(hostConfig, 'CapAdd'),
    capDrop: capabilities(hostConfig, 'CapDrop'),
    groupAdd: hostConfig.strings('GroupAdd'),
    sysctls: hostConfig.map('Sysctls'),
    ulimits: ulimitsOf(hostConfig),
    resources: resourcesOf(hostConfig, { hostCpus }),
    devices: devicesOf(hostConfig),
    annotations: hostConfig.map('Annotations'),
    ...optional('healthcheck', healthcheckOf(body, context.version)),
    ...optional('init', hostConfig.maybeBoolean('Init')),
    ...optional('shell', shell.length === 0 ? undefined : shell),
    ...optional('rootfsSizeBytes', rootfsSizeOf(hostConfig)),
    ...optional('oomScoreAdj', oomScoreOf(hostConfig)),
    ...optional('runtime', hostConfig.string('Runtime') || undefined),
    ...optional('maskedPaths', hostConfig.maybeStrings('MaskedPaths')),
    ...optional('readonlyPaths', hostConfig.maybeStrings('ReadonlyPaths')),
    ...optional('consoleSize', consoleSizeOf(hostConfig)),
  };
  if (hostConfig.asks('CgroupParent')) warnings.push('CgroupParent was discarded: this engine places containers in its own cgroup.');
  return { spec, env, warnings };
}

function identityOf(body: Fields): Pick<ContainerSpec, 'hostname' | 'domainname' | 'user' | 'labels'> {
  const hostname = body.string('Hostname');
  if (hostname.length > 63 || !/^[a-zA-Z0-9._-]*$/.test(hostname)) throw invalid(`invalid hostname: ${hostname}`);
  return {
    ...optional('hostname', hostname || undefined),
    ...optional('domainname', body.string('Domainname') || undefined),
    user: body.string('User'),
    labels: body.map('Labels'),
  };
}

function processOf(
  body: Fields,
): Pick<
  ContainerSpec,
  | 'workingDir'
  | 'entrypoint'
  | 'cmd'
  | 'tty'
  | 'openStdin'
  | 'stdinOnce'
  | 'attachStdin'
  | 'attachStdout'
  | 'attachStderr'
  | 'stopSignal'
  | 'stopTimeout'
> {
  const entrypoint = body.words('Entrypoint');
  const cmd = body.words('Cmd');
  const workingDir = body.string('WorkingDir');
  if (workingDir !== '' && !workingDir.startsWith('/'))
    throw invalid(`the working directory '${workingDir}' is invalid, it needs to be an absolute path`);
  return {
    workingDir,
    ...optional('entrypoint', entrypoint),
    ...optional('cmd', cmd === undefined || cmd.length === 0 ? undefined : cmd),
    tty: body.boolean('Tty'),
    openStdin: body.boolean('OpenStdin'),
    stdinOnce: body.boolean('StdinOnce'),
    attachStdin: body.boolean('AttachStdin'),
    attachStdout: body.boolean('AttachStdout'),
    attachStderr: body.boolean('AttachStderr'),
    ...optional('stopSignal', body.string('StopSignal') || undefined),
    ...optional('stopTimeout', body.maybeInteger('StopTimeout')),
  };
}

function namespacesOf(hostConfig: Fields, warnings: string[]): Pick<ContainerSpec, 'ipcMode' | 'pidMode' | 'utsMode' | 'cgroupnsMode'> {
  if (!['', 'host'].includes(hostConfig.string('UsernsMode')))
    throw invalid(`invalid user namespace mode: ${hostConfig.string('UsernsMode')}`);
  if (!['', 'default'].includes(hostConfig.string('Isolation'))) {
    throw invalid(`invalid isolation '${hostConfig.string('Isolation')}' on linux: only 'default' is supported`);
  }
  const ipc = hostConfig.string('IpcMode');
  if (ipc === 'shareable' || ipc.startsWith('container:'))
    warnings.push("IpcMode shares the IPC namespace; /dev/shm is each container's own.");
  if (ipc === 'none') warnings.push('IpcMode none was taken as private: /dev/shm stays.');
  return {
    ipcMode: ipc === 'none' || ipc === 'shareable' ? 'private' : namespaceMode('IPC', ipc),
    pidMode: namespaceMode('PID', hostConfig.string('PidMode')),
    utsMode: namespaceMode('UTS', hostConfig.string('UTSMode')),
    cgroupnsMode: namespaceMode('cgroup namespace', hostConfig.string('CgroupnsMode')),
  };
}

function namespaceMode(what: string, text: string): NamespaceMode {
  if (text === '' || text === 'private') return 'private';
  if (text === 'host') return 'host';
  const container = /^container:(.+)$/.exec(text)?.[1];
  if (container === undefined || what === 'UTS' || what === 'cgroup namespace') throw invalid(`invalid ${what} mode: ${text}`);
  return `container:${container}`;
}

function logOf(
  hostConfig: Fields,
  { defaultLogDriver, defaultLogOptions = {} }: SpecContext,
): Pick<ContainerSpec, 'logDriver' | 'logOptions'> {
  const config = hostConfig.object('LogConfig');
  const logDriver = config.string('Type') || defaultLogDriver;
  return { logDriver, logOptions: { ...(logDriver === defaultLogDriver ? defaultLogOptions : {}), ...config.map('Config') } };
}

function shmSizeOf(hostConfig: Fields): number {
  const size = hostConfig.integer('ShmSize');
  if (size < 0) throw invalid('SHM size can not be less than 0');
  return size === 0 ? DEFAULT_SHM_BYTES : size;
}

/** StorageOpt: `size` is the one option there is. */
function rootfsSizeOf(hostConfig: Fields): number | undefined {
  const { size, ...others } = hostConfig.map('StorageOpt');
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`Unknown option ${unknown}`);
  if (size === undefined) return undefined;
  const bytes = sizeBytes(size);
  if (bytes === undefined || bytes < 1) throw invalid(`invalid size: '${size}'`);
  return bytes;
}

function oomScoreOf(hostConfig: Fields): number | undefined {
  const score = hostConfig.integer('OomScoreAdj');
  if (score < -1000 || score > 1000) throw invalid(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`);
  return score === 0 ? undefined : score;
}

function consoleSizeOf(hostConfig: Fields): { readonly rows: number; readonly columns: number } | undefined {
  const [rows = 0, columns = 0] = hostConfig.integers('ConsoleSize');
  return rows > 0 && columns > 0 ? { rows, columns } : undefined;
}

function optional<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: V };
}
