import { setTimeout as sleep } from 'node:timers/promises';
import { freeSubnet } from '@shiplog/test-support';
import { ask } from '../raw-http.ts';

/** An engine to ask: of the project's, or Docker's own. */
export interface Asked {
  readonly socket: string;
  docker(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

/** What there is to ask for. */
export interface World {
  readonly exec: string;
  /** Seconds since the epoch: when it began. */
  readonly since: string;
}

const IMAGE = 'keys:1';
const TICK = 1_000_000_000;
/** For a health check that is due every second. */
const HEALTHY_MS = 120_000;

/** Has something of everything: what has only what it must, and what has all that can be said of it. */
export async function makeWorld(engine: Asked, archive: string): Promise<World> {
  const since = String(Date.now() / 1000);
  const docker = (...args: readonly string[]): Promise<string> => succeeded(engine, args);
  // Beside those of other engines on this host.
  const net = await freeSubnet();
  await docker('load', '-q', '-i', archive);
  await docker('tag', 'busybox:test', IMAGE);
  await docker('network', 'create', '--subnet', `${net}.0/24`, '--gateway', `${net}.1`, '--label', 'tier=front', '-o', 'com.docker.network.driver.mtu=1400', 'keysnet'); // prettier-ignore
  await docker('volume', 'create', '--label', 'tier=front', 'plain');
  await docker('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'options');
  await created(engine, 'bare', { Image: IMAGE, Cmd: ['true'] });
  await created(engine, 'full', {
    ...FULL,
    NetworkingConfig: { EndpointsConfig: { keysnet: { Aliases: ['also'], IPAMConfig: { IPv4Address: `${net}.7` } } } },
  });
  await docker('start', 'full');
  for (const until = performance.now() + HEALTHY_MS; performance.now() < until; await sleep(100))
    if ((await docker('inspect', '-f', '{{.State.Health.Status}}', 'full')) === 'healthy') break;
  const exec = await posted(engine, '/containers/full/exec', { Cmd: ['true'], DetachKeys: 'ctrl-a', AttachStdout: true });
  await posted(engine, `/exec/${exec['Id']}/start`, { Detach: false });
  await docker('exec', 'full', 'true');
  await docker('exec', 'full', 'touch', '/new');
  await docker('rename', 'bare', 'barest');
  await docker('run', '--rm', IMAGE, 'true');
  await docker('kill', '-s', 'WINCH', 'full');
  await docker('commit', '-a', 'me', '-m', 'why', '-c', 'ONBUILD RUN true', 'full', 'committed:1');
  await docker('volume', 'prune', '-f');
  return { exec: String(exec['Id']), since };
}

const FULL = {
  Image: IMAGE,
  Cmd: ['sleep', '600'],
  Hostname: 'full',
  Domainname: 'example.org',
  User: '0',
  Env: ['A=b'],
  Labels: { tier: 'front' },
  OpenStdin: true,
  ExposedPorts: { '80/tcp': {}, '81/tcp': {} },
  Volumes: { '/anonymous': {} },
  WorkingDir: '/',
  StopSignal: 'SIGKILL',
  StopTimeout: 1,
  Shell: ['/bin/sh', '-c'],
  Healthcheck: { Test: ['CMD', 'true'], Interval: TICK, Timeout: 60 * TICK, StartPeriod: TICK, StartInterval: TICK, Retries: 2 },
  HostConfig: {
    Binds: ['plain:/plain'],
    Mounts: [
      { Type: 'volume', Source: 'options', Target: '/options' },
      { Type: 'tmpfs', Target: '/mounted', TmpfsOptions: { SizeBytes: 65_536, Mode: 0o700 } },
      { Type: 'bind', Source: '/dev', Target: '/host', ReadOnly: true, BindOptions: { Propagation: 'rprivate' } },
    ],
    Tmpfs: { '/tmpfs': 'size=64k' },
    PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    NetworkMode: 'keysnet',
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 1 },
    Init: false,
    CapAdd: ['NET_ADMIN'],
    CapDrop: ['MKNOD'],
    Dns: ['127.0.0.1'],
    DnsOptions: ['ndots:1'],
    DnsSearch: ['example.org'],
    ExtraHosts: ['somewhere:127.0.0.1'],
    GroupAdd: ['1'],
    SecurityOpt: ['no-new-privileges'],
    Sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' },
    Annotations: { 'org.example.mine': 'yes' },
    Ulimits: [{ Name: 'nofile', Soft: 1000, Hard: 1000 }],
    Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/nothing', CgroupPermissions: 'r' }],
    LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
    Memory: 67_108_864,
    PidsLimit: 100,
  },
};

async function succeeded(engine: Asked, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await engine.docker(args);
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

async function created(engine: Asked, name: string, spec: object): Promise<void> {
  await posted(engine, `/containers/create?name=${name}`, spec);
}

async function posted(engine: Asked, path: string, body: object): Promise<{ readonly [key: string]: unknown }> {
  const answer = await ask(engine.socket, 'POST', path, JSON.stringify(body));
  if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${answer.body}`);
  return answer.body.startsWith('{') ? (JSON.parse(answer.body) as { readonly [key: string]: unknown }) : {};
}
