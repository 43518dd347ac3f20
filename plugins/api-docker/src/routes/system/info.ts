import { readFile } from 'node:fs/promises';
import { cpus, hostname, release, totalmem } from 'node:os';
import type { DriverKind, EngineInfo, StateView } from '@shiplog/contracts';
import type { Exchange } from '../../http/exchange.ts';
import { goArchitecture } from '../../http/headers.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { type ApiVersion, atLeast } from '../../http/version.ts';
import { nowNanoseconds, rfc3339Fixed } from '../../translate/time.ts';

/** `GET /info`. With `at`, the counts are those of that moment; all else is of now. */
export async function info({ engine, query, response, version }: Exchange): Promise<void> {
  const [facts, bridges, { view }] = await Promise.all([engine.info(), bridgeFacts(version), look({ engine, query })]);
  json(response, 200, { ...hostFacts(), ...bridges, ...engineFacts(facts), ...containerFacts(view), ...absentFacts() });
}

function hostFacts(): object {
  return {
    Name: hostname(),
    OSType: 'linux',
    OperatingSystem: 'Linux',
    OSVersion: '',
    Architecture: goArchitecture() === 'amd64' ? 'x86_64' : goArchitecture(),
    KernelVersion: release(),
    NCPU: cpus().length,
    MemTotal: totalmem(),
    SystemTime: rfc3339Fixed(nowNanoseconds().toString()),
  };
}

/** Whether what bridges carry is filtered. Docker leaves it out from API 1.50 on; clients before warn where it is missing. */
async function bridgeFacts(version: ApiVersion): Promise<object> {
  if (atLeast(version, '1.50')) return {};
  const isOn = async (name: string): Promise<boolean> =>
    // Without the kernel's module for it there is no such file.
    (await readFile(`/proc/sys/net/bridge/${name}`, 'utf8').catch(() => '')).trim() === '1';
  const [BridgeNfIptables, BridgeNfIp6tables] = await Promise.all([isOn('bridge-nf-call-iptables'), isOn('bridge-nf-call-ip6tables')]);
  return { BridgeNfIptables, BridgeNfIp6tables };
}

function engineFacts(engine: EngineInfo): object {
  return {
    ID: engine.engineId,
    ServerVersion: engine.version,
    DockerRootDir: engine.root,
    Driver: engine.storageDriver,
    DriverStatus: [],
    LoggingDriver: engine.logDriver,
    CgroupDriver: 'cgroupfs',
    CgroupVersion: names(engine, 'cgroup').includes('v2') ? '2' : '1',
    Plugins: { Volume: ['local'], Network: names(engine, 'network'), Authorization: null, Log: names(engine, 'log') },
    Runtimes: Object.fromEntries(names(engine, 'runtime').map((name) => [name, { path: name }])),
    DefaultRuntime: engine.runtime,
    // Containers are never children of the engine: they run on without it.
    LiveRestoreEnabled: true,
    Warnings: engine.warnings.length === 0 ? null : engine.warnings,
    SecurityOptions: ['name=seccomp,profile=builtin'],
  };
}

function names(engine: EngineInfo, kind: DriverKind): readonly string[] {
  return engine.drivers.filter((driver) => driver.kind === kind && driver.probe.usable).map(({ name }) => name);
}

function containerFacts(view: StateView): object {
  const count = (...statuses: readonly string[]): number =>
    [...view.containers.values()].filter(({ status }) => statuses.includes(status)).length;
  return {
    Containers: view.containers.size,
    ContainersRunning: count('running', 'restarting'),
    ContainersPaused: count('paused'),
    ContainersStopped: count('created', 'exited', 'dead', 'removing'),
    Images: view.images.size,
  };
}

/** What clients read and this engine has not, or always has. */
function absentFacts(): object {
  return {
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    OomKillDisable: true,
    IPv4Forwarding: true,
    Debug: false,
    NFd: 0,
    NGoroutines: 0,
    NEventsListener: 0,
    IndexServerAddress: '',
    RegistryConfig: { InsecureRegistryCIDRs: [], IndexConfigs: {}, Mirrors: [] },
    GenericResources: null,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Labels: [],
    ExperimentalBuild: false,
    Swarm: { NodeID: '', NodeAddr: '', LocalNodeState: 'inactive', ControlAvailable: false, Error: '', RemoteManagers: null },
    Isolation: '',
    InitBinary: '',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    CDISpecDirs: [],
  };
}
