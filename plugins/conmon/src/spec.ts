import type { OciDevice } from './devices.ts';

/** The parts of an OCI runtime spec (runtime-spec 1.0.2, config.md) that are filled in here, or that a runtime reads. */
export interface Spec {
  readonly annotations?: { readonly [name: string]: string };
  readonly root: { readonly path: string; readonly readonly?: boolean };
  readonly hostname?: string;
  process: Process;
  mounts?: readonly Mount[];
  linux: {
    seccomp?: object;
    devices?: readonly OciDevice['node'][];
    namespaces?: readonly { readonly type: string; readonly path?: string }[];
    resources?: { devices?: readonly DeviceRule[] };
    readonly cgroupsPath?: string;
    readonly sysctl?: { readonly [name: string]: string };
    readonly maskedPaths?: readonly string[];
    readonly readonlyPaths?: readonly string[];
    readonly rootfsPropagation?: string;
  };
}

export interface Mount {
  readonly destination: string;
  readonly source?: string;
  readonly type?: string;
  readonly options?: readonly string[];
}

/** A rule of the device cgroup. */
export interface DeviceRule {
  readonly allow: boolean;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly access?: string;
}

/** An OCI process. */
export interface Process {
  readonly args: readonly string[];
  readonly terminal?: boolean;
  /** Characters. */
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly cwd?: string;
  readonly env?: readonly string[];
  readonly user?: { readonly uid: number; readonly gid: number; readonly additionalGids?: readonly number[] };
  readonly capabilities?: { readonly [set: string]: readonly string[] };
  readonly rlimits?: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
  readonly noNewPrivileges?: boolean;
  readonly oomScoreAdj?: number;
}
