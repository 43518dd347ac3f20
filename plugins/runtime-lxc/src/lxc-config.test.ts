import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Spec } from '@shiplog/conmon';
import { cgroupOrders, containerOrders } from './container-orders.ts';
import { lxcConfig } from './lxc-config.ts';
import { type Orders, write } from './orders.ts';

const SPEC: Spec = {
  root: { path: '/images/root', readonly: true },
  hostname: 'box',
  process: {
    args: ['/bin/true'],
    cwd: '/work',
    env: ['A=1', 'B=two\nlines'],
    user: { uid: 1000, gid: 1001, additionalGids: [1001, 5] },
    capabilities: { bounding: ['CAP_CHOWN', 'CAP_NET_BIND_SERVICE'] },
    rlimits: [
      { type: 'RLIMIT_NOFILE', soft: 100, hard: 200 },
      { type: 'RLIMIT_CORE', soft: 0, hard: 2 ** 64 },
    ],
    noNewPrivileges: true,
    oomScoreAdj: -5,
  },
  mounts: [
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs' },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'newinstance', 'gid=5'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'ro'] },
  ],
  linux: {
    namespaces: [{ type: 'mount' }, { type: 'pid' }, { type: 'cgroup' }, { type: 'network', path: '/run/netns/a' }],
    cgroupsPath: 'engine/a',
    sysctl: { 'net.ipv4.ip_unprivileged_port_start': '0' },
    maskedPaths: ['/proc/kcore'],
    readonlyPaths: ['/proc/sys'],
    resources: {
      devices: [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'c', major: 136, access: 'rw' },
      ],
    },
    devices: [{ path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o600, uid: 0, gid: 0 }],
  },
};

const valuesOf = (orders: Orders, key: string): readonly string[] => orders.filter(([name]) => name === key).map(([, value]) => value);

const test = suite('runtime-lxc: what LXC is told');

test('given an OCI spec, when it is put in items of LXC, then all that is LXC’s to do is in them', () => {
  const items = valuesOf(lxcConfig(SPEC, ['proc proc proc defaults 0 0'], '/bundle/policy'), 'item');
  for (const item of [
    'lxc.rootfs.path=dir:/images/root',
    'lxc.rootfs.options=ro',
    'lxc.uts.name=box',
    'lxc.namespace.clone=mnt pid cgroup',
    'lxc.namespace.share.net=/run/netns/a',
    'lxc.mount.entry=proc proc proc defaults 0 0',
    'lxc.seccomp.profile=/bundle/policy',
    'lxc.init.uid=1000',
    'lxc.init.gid=1001',
    'lxc.init.groups=1001,5',
    'lxc.init.cwd=/work',
    'lxc.environment=A=1',
    'lxc.environment=B=two\nlines',
    'lxc.cap.keep=chown net_bind_service',
    'lxc.prlimit.nofile=100:200',
    'lxc.prlimit.core=0:unlimited',
    'lxc.no_new_privs=1',
    'lxc.proc.oom_score_adj=-5',
  ])
    assert.ok(items.includes(item), `${item} is in\n${items.join('\n')}`);
});

test('given a container without capabilities, when it is put in items of LXC, then it keeps none, rather than all', () => {
  const items = valuesOf(lxcConfig({ ...SPEC, process: { args: [], capabilities: { bounding: [] } } }, [], undefined), 'item');
  assert.ok(items.includes('lxc.cap.keep=none'));
  assert.not(items.some((item) => item.startsWith('lxc.seccomp')));
});

test('given an OCI spec, when the rest is put in orders, then devices, cgroups and hidden paths are in them', () => {
  const orders = [...containerOrders(SPEC), ...cgroupOrders(SPEC, [{ controllers: 'memory', mounted: '/sys/fs/cgroup/memory' }])];
  assert.equal(valuesOf(orders, 'device-rule'), ['devices.deny\na', 'devices.allow\nc 136:* rw']);
  assert.equal(valuesOf(orders, 'cgroup'), ['memory\n/sys/fs/cgroup/memory\n/engine/a']);
  assert.equal(valuesOf(orders, 'terminals'), ['/dev/pts\nnewinstance,gid=5']);
  assert.equal(valuesOf(orders, 'cgroup-view'), ['ro']);
  assert.equal(valuesOf(orders, 'masked'), ['/proc/kcore']);
  assert.equal(valuesOf(orders, 'read-only'), ['/proc/sys']);
  assert.equal(valuesOf(orders, 'sysctl'), ['net.ipv4.ip_unprivileged_port_start\n0']);
  assert.ok(valuesOf(orders, 'device').includes('/dev/fuse\nc\n10\n229\n384\n0\n0'));
  assert.ok(valuesOf(orders, 'device').includes('/dev/null\nc\n1\n3\n438\n0\n0'));
});

test("given the host's /dev, when a container is to see it, then nothing is made in it", () => {
  const orders = containerOrders({ ...SPEC, mounts: [{ destination: '/dev', type: 'bind', source: '/dev' }], linux: {} });
  assert.equal(orders, []);
});

test('given orders, when they are written, then keys and values end with a zero byte and may have any other', () => {
  assert.is(
    write([
      ['a', 'x y\n=z'],
      ['a', ''],
    ]),
    'a\0x y\n=z\0a\0\0',
  );
});

test.run();
