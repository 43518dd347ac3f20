import type { DriverKind } from './drivers/kind.ts';

/** Version of the driver contract in this package. */
export const API_VERSION = 1;

/** What a plugin says of itself before any of its code runs for real. */
export interface PluginManifest {
  /** Unique; the npm package name is a good one. */
  readonly name: string;
  readonly version: string;
  /** Contract versions it can work with. */
  readonly api: readonly number[];
  readonly drivers: readonly DriverManifest[];
}

export interface DriverManifest {
  readonly kind: DriverKind;
  /** How users choose it: `overlay`, `bridge`. */
  readonly name: string;
  /** Optional abilities, read by engine, docs and conformance kit alike. */
  readonly capabilities: { readonly [ability: string]: boolean };
  /** Options users give with each object (`--log-opt`, `volume create -o`), by name. Values of secret ones never enter the log. */
  readonly options?: { readonly [option: string]: { readonly doc: string; readonly secret?: boolean } };
  readonly needs: { readonly binaries?: readonly string[]; readonly filesystems?: readonly string[]; readonly root?: boolean };
  readonly doc: string;
  /** Milliseconds for single verbs, where the verb table's own do not fit. */
  readonly deadlines?: { readonly [verb: string]: number };
  /** Of an authorizer: whether a request may pass when it throws, lies or is late. Absent: `closed`. */
  readonly failurePolicy?: 'closed' | 'open';
}

/** Whether a driver can run on this host, and why not. */
export type Probe = { readonly usable: true; readonly warnings?: readonly string[] } | { readonly usable: false; readonly reason: string };

/**
 * Where a plugin's code runs; the operator chooses. `inline`: in the daemon, at no cost and trusted. `worker`: in a thread of its
 * own, which cannot block or end the daemon. `process`: in a process of its own, in any language, which cannot crash it either.
 */
export type Isolation = 'inline' | 'worker' | 'process';

/** A driver as the engine lists it. */
export interface DriverInfo extends DriverManifest {
  readonly plugin: string;
  readonly probe: Probe;
  /** False: its code was not needed so far, and `probe` was not asked. Absent: true. */
  readonly loaded?: boolean;
}
