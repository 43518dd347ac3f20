import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ContainerSpec, type ExecSpec, ShiplogError } from '@shiplog/contracts';
import { ALL_CAPABILITIES, DEFAULT_CAPABILITIES } from './capabilities.ts';
import { resolveMounts } from './container-mounts.ts';
import { execProcess } from './exec-process.ts';
import type { OciSpec } from './oci-spec.ts';
import { runtimeSpec, type RuntimeSpecInput } from './runtime-spec.ts';
import { PLAIN_EXEC, PLAIN_SPEC } from '@shiplog/contracts/testing';

const test = suite('runtime spec');

const plain = PLAIN_SPEC;

function build(spec: Partial<ContainerSpec> = {}, input: Partial<RuntimeSpecInput> = {}): OciSpec {
  return runtimeSpec({
    container: { id: 'c'.repeat(64), spec: { ...plain, ...spec }, argv: ['/bin/sh'] },
    image: { config: { Env: ['A=image', 'B=image'], WorkingDir: '/srv//app/' } },
    env: ['A=asked'],
    rootfs: '/run/rootfs',
    sandboxPath: '/run/netns/c',
    cgroupsPath: '/shiplog/c',
    hostname: 'box',
    mounts: [],
    bundleFiles: ['hosts', 'resolv.conf', 'hostname'],
    ...input,
  });
}

function refused(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ShiplogError)) throw error;
    assert.is(error.code, 'SPEC_INVALID');
    return error.message;
  }
  throw new Error('it was accepted');
}

const mountAt = (spec: OciSpec, target: string) => spec.mounts.find((mount) => mount.destination === target);

test('given a plain container, when its spec is built, then it has the least privilege that is usual', () => {
  const spec = build();
  assert.is(spec.ociVersion, '1.0.2');
  assert.equal(spec.process.capabilities, {
    bounding: DEFAULT_CAPABILITIES,
    effective: DEFAULT_CAPABILITIES,
    permitted: DEFAULT_CAPABILITIES,
  });
  assert.is(DEFAULT_CAPABILITIES.length, 14);
  assert.not(DEFAULT_CAPABILITIES.includes('CAP_SYS_ADMIN'));
  assert.equal(spec.linux.namespaces, [
    { type: 'mount' },
    { type: 'network', path: '/run/netns/c' },
    { type: 'pid' },
    { type: 'ipc' },
    { type: 'uts' },
    { type: 'cgroup' },
  ]);
  assert.equal(spec.linux.resources.devices[0], { allow: false, access: 'rwm' });
  assert.ok(spec.linux.maskedPaths.includes('/proc/kcore'));
  assert.ok(spec.linux.readonlyPaths.includes('/proc/sys'));
  assert.ok(mountAt(spec, '/sys')?.options.includes('ro'));
  assert.ok(mountAt(spec, '/sys/fs/cgroup')?.options.includes('ro'));
  assert.is(mountAt(spec, '/dev/shm')?.options.at(-1), 'size=67108864');
  assert.equal(mountAt(spec, '/etc/hosts'), {
    destination: '/etc/hosts',
    type: 'bind',
    source: 'bundle:hosts',
    options: ['rbind', 'rprivate', 'rw'],
  });
  assert.is(spec.hostname, 'box');
  assert.equal(spec.root, { path: '/run/rootfs', readonly: false });
  assert.equal(JSON.parse(JSON.stringify(spec)), spec);
});

test('given environment, when the spec is built, then the image wins over defaults and what was asked over the image', () => {
  assert.equal(build({ tty: true }, { env: ['A=asked', 'B', 'HOSTNAME=mine'] }).process.env, [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'HOSTNAME=mine',
    'TERM=xterm',
    'A=asked',
  ]);
});

test('given directories, when the spec is built, then the working directory is absolute and clean', () => {
  assert.is(build().process.cwd, '/srv/app');
  assert.is(build({ workingDir: '/a/../../b/.' }).process.cwd, '/b');
  assert.is(build({}, { image: { config: {} } }).process.cwd, '/');
  refused(() => build({ workingDir: 'relative' }));
});

test('given capabilities to add and drop, when the spec is built, then the set is as with Docker', () => {
  const caps = (capAdd: readonly string[], capDrop: readonly string[]) => build({ capAdd, capDrop }).process.capabilities.bounding;
  assert.equal(caps(['net_admin'], ['ALL']), ['CAP_NET_ADMIN']);
  assert.equal(caps([], ['all']), []);
  assert.equal(
    caps(['ALL'], ['SYS_ADMIN']),
    ALL_CAPABILITIES.filter((name) => name !== 'CAP_SYS_ADMIN'),
  );
  assert.not(caps([], ['CAP_NET_RAW']).includes('CAP_NET_RAW'));
  assert.is(
    refused(() => build({ capAdd: ['FLY'] })),
    'invalid CapAdd: unknown capability: "FLY"',
  );
});

test('given a privileged container, when the spec is built, then nothing is masked and all is allowed', () => {
  const spec = build({ privileged: true });
  assert.equal(spec.process.capabilities.effective, ALL_CAPABILITIES);
  assert.equal(spec.linux.maskedPaths, []);
  assert.equal(spec.linux.readonlyPaths, []);
  assert.equal(spec.linux.resources.devices, [{ allow: true, access: 'rwm' }]);
  assert.ok(mountAt(spec, '/sys')?.options.includes('rw'));
});

test('given namespace modes, when the spec is built, then host ones are left out and others joined', () => {
  const host = build({ pidMode: 'host', ipcMode: 'host', utsMode: 'host', cgroupnsMode: 'host', networkMode: 'host' });
  assert.equal(host.linux.namespaces, [{ type: 'mount' }]);
  assert.is(host.hostname, undefined);
  assert.equal(host.linux.sysctl, {});
  assert.is(mountAt(host, '/dev/shm')?.type, 'bind');
  const joined = build(
    { pidMode: 'container:x', ipcMode: 'container:x' },
    { joined: { pid: '/proc/7/ns/pid', ipc: '/proc/7/ns/ipc' }, shmPath: '/shm/x' },
  );
  assert.ok(joined.linux.namespaces.some(({ type, path }) => type === 'pid' && path === '/proc/7/ns/pid'));
  assert.is(mountAt(joined, '/dev/shm')?.source, '/shm/x');
  refused(() => build({ pidMode: 'container:x' }));
});

test('given no sandbox, when the spec is built, then the network is empty unless the host’s was asked for', () => {
  const without = (networkMode: string, hostNetwork?: boolean) => {
    const { sandboxPath: _path, ...input }: RuntimeSpecInput = {
      container: { id: 'c', spec: { ...plain, networkMode }, argv: ['x'] },
      image: { config: {} },
      env: [],
      rootfs: '/r',
      hostname: 'h',
      mounts: [],
      bundleFiles: [],
      ...(hostNetwork === undefined ? {} : { hostNetwork }),
    };
    return runtimeSpec(input).linux.namespaces.find(({ type }) => type === 'network');
  };
  assert.equal(without('none'), { type: 'network' });
  assert.is(without('host'), undefined);
  assert.is(without('some-network', true), undefined);
  refused(() => without('container:x'));
});

test('given mounts, when the spec is built, then they come sorted by depth, replace defaults and keep their options', () => {
  const spec = build(
    { readonlyRootfs: true },
    {
      mounts: resolveMounts(
        [
          { type: 'bind', source: '/h/deep', target: '/a/b/c/', readOnly: true },
          { type: 'volume', source: 'data', target: '/a', readOnly: false },
          { type: 'tmpfs', target: '/dev/shm', readOnly: false, sizeBytes: 4096, mode: 0o700, options: ['exec', 'size=8192'] },
          { type: 'bind', source: '/h/hosts', target: '/etc/hosts', readOnly: false, propagation: 'rshared' },
        ],
        (name) => `/volumes/${name}`,
      ),
    },
  );
  const targets = spec.mounts.map((mount) => mount.destination);
  assert.equal(
    targets.map((target) => target.split('/').length),
    targets.map((target) => target.split('/').length).toSorted(),
  );
  assert.ok(targets.indexOf('/a') < targets.indexOf('/a/b/c'));
  assert.is(new Set(targets).size, targets.length);
  assert.equal(mountAt(spec, '/a')?.source, '/volumes/data');
  assert.equal(mountAt(spec, '/a/b/c')?.options, ['rbind', 'ro', 'rprivate']);
  assert.equal(mountAt(spec, '/dev/shm')?.options, ['nosuid', 'nodev', 'rprivate', 'rw', 'mode=700', 'exec', 'size=8192']);
  assert.is(mountAt(spec, '/etc/hosts')?.source, '/h/hosts');
  assert.ok(mountAt(spec, '/etc/hostname')?.options.includes('ro'));
  assert.is(spec.linux.rootfsPropagation, 'shared');
});

test('given a mount on /dev, when the spec is built, then the default ones beneath it go', () => {
  const spec = build({}, { mounts: [{ type: 'bind', source: '/dev', target: '/dev', readOnly: false }] });
  assert.equal(spec.mounts.filter((mount) => mount.destination.startsWith('/dev')).length, 1);
});

test('given impossible mounts, when the spec is built, then they are refused', () => {
  const bind = (target: string) => ({ type: 'bind' as const, source: '/h', target, readOnly: false });
  for (const target of ['/', '/.', 'relative', '/a/../b', '/a\0']) refused(() => build({}, { mounts: [bind(target)] }));
  assert.is(
    refused(() => build({}, { mounts: [bind('/a'), bind('/a/')] })),
    'Duplicate mount point: /a',
  );
});

test('given limits and the like, when the spec is built, then they are in it', () => {
  const spec = build({
    ulimits: [
      { name: 'nofile', soft: 10, hard: 20 },
      { name: 'core', soft: -1, hard: -1 },
    ],
    noNewPrivileges: true,
    oomScoreAdj: 500,
    sysctls: { 'net.core.somaxconn': '9', 'net.ipv4.ping_group_range': '1 0' },
    domainname: 'example.test',
    annotations: { a: 'b' },
    maskedPaths: [],
    tty: true,
    consoleSize: { rows: 3, columns: 4 },
  });
  assert.equal(spec.process.rlimits?.[0], { type: 'RLIMIT_NOFILE', soft: 10, hard: 20 });
  assert.ok(BigInt(JSON.stringify(spec.process.rlimits?.[1]?.hard)) < 2n ** 64n);
  assert.ok(spec.process.noNewPrivileges);
  assert.is(spec.process.oomScoreAdj, 500);
  assert.equal(spec.process.consoleSize, { height: 3, width: 4 });
  assert.equal(spec.linux.sysctl, {
    'net.ipv4.ip_unprivileged_port_start': '0',
    'net.ipv4.ping_group_range': '1 0',
    'kernel.domainname': 'example.test',
    'net.core.somaxconn': '9',
  });
  assert.equal(spec.linux.maskedPaths, []);
  refused(() => build({ ulimits: [{ name: 'flights', soft: 1, hard: 1 }] }));
  refused(() => build({ ulimits: [{ name: 'nofile', soft: 2, hard: 1 }] }));
  refused(() => build({}, { container: { id: 'c', spec: plain, argv: [] } }));
});

const exec: ExecSpec = { ...PLAIN_EXEC, command: ['ls'] };

function execOf(more: Partial<ExecSpec>) {
  return execProcess({
    container: { spec: { ...plain, capDrop: ['ALL'], workingDir: '/home' } },
    image: { config: { Env: ['A=image'] } },
    exec: { spec: { ...exec, ...more } },
    hostname: 'box',
    containerEnv: ['A=container', 'B=container'],
    env: ['B=exec'],
  });
}

test('given an exec, when its process is built, then it has the container’s surroundings and no more privilege', () => {
  const made = execOf({});
  assert.is(made.cwd, '/home');
  assert.equal(made.env.slice(1), ['HOSTNAME=box', 'A=container', 'B=exec']);
  assert.equal(made.capabilities.bounding, []);
  assert.is(execOf({ workingDir: '/tmp' }).cwd, '/tmp');
  assert.ok(execOf({ tty: true }).env.includes('TERM=xterm'));
  assert.equal(execOf({ privileged: true }).capabilities.bounding, ALL_CAPABILITIES);
  refused(() => execOf({ command: [] }));
});

test.run();
