/** The part of an OCI runtime spec (runtime-spec 1.0.2, config.md and config-linux.md) that Shiplog writes. */
export interface OciSpec {
  readonly ociVersion: string;
  readonly process: OciProcess;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname?: string;
  readonly mounts: readonly OciMount[];
  readonly annotations: { readonly [name: string]: string };
  readonly linux: OciLinux;
}

export interface OciProcess {
  readonly terminal: boolean;
  /** Characters. */
  readonly consoleSize?: { readonly height: number; readonly width: number };
  /** Root here; the runtime driver resolves the real user inside the root file system. */
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids?: readonly number[] };
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: OciCapabilities;
  readonly rlimits?: readonly OciRlimit[];
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj?: number;
}

export interface OciCapabilities {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
}

export interface OciRlimit {
  /** `RLIMIT_NOFILE`. */
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

export interface OciMount {
  readonly destination: string;
  readonly type: string;
  /** A path, a word for virtual file systems, or `bundle:NAME` for a file that the runtime driver writes into the bundle. */
  readonly source: string;
  readonly options: readonly string[];
}

export interface OciLinux {
  readonly namespaces: readonly OciNamespace[];
  readonly cgroupsPath?: string;
  readonly resources: { readonly devices: readonly OciDeviceRule[] };
  readonly sysctl: { readonly [name: string]: string };
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly rootfsPropagation?: string;
}

export interface OciNamespace {
  readonly type: 'pid' | 'network' | 'mount' | 'ipc' | 'uts' | 'cgroup';
  /** An existing one to join; absent: a new one. */
  readonly path?: string;
}

/** A rule of the device cgroup; later rules win. */
export interface OciDeviceRule {
  readonly allow: boolean;
  readonly type?: 'a' | 'b' | 'c';
  readonly major?: number;
  readonly minor?: number;
  /** Any of r, w and m. */
  readonly access: string;
}
