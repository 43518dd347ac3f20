/** What can be asked of a spec beside what runs. */
export interface SpecOptions {
  readonly terminal?: boolean;
  readonly env?: readonly string[];
  readonly cwd?: string;
  /** Bytes; the process is killed when it and its children use more. Only asked when the fixture `limitsMemory`. */
  readonly memory?: number;
}

const CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
];

/** An OCI runtime spec (runtime-spec 1.0.2) with namespaces of its own, over a root file system at `rootfs`. */
export function specOf(
  { rootfs, cgroupsPath }: { readonly rootfs: string; readonly cgroupsPath: string },
  args: readonly string[],
  { terminal = false, env = ['PATH=/bin'], cwd = '/', memory }: SpecOptions = {},
): object {
  return {
    ociVersion: '1.0.2',
    process: {
      terminal,
      user: { uid: 0, gid: 0 },
      args,
      env,
      cwd,
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      noNewPrivileges: false,
    },
    root: { path: rootfs, readonly: false },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666'] },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev'] },
    ],
    annotations: {},
    linux: {
      cgroupsPath,
      resources: { devices: [{ allow: true, access: 'rwm' }], ...(memory === undefined ? {} : { memory: { limit: memory } }) },
      namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'ipc' }, { type: 'uts' }, { type: 'network' }],
    },
  };
}
