import { ShiplogError } from '@shiplog/contracts';
import type { OciCapabilities } from './oci-spec.ts';

/** Every capability of capabilities(7), in the kernel's order. */
export const ALL_CAPABILITIES: readonly string[] = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST ' +
  'NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE ' +
  'SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM ' +
  'BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

/** What a container's root may do unless more or less is asked for: Docker's fourteen. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/**
 * The capabilities of a container. Names are taken with or without `CAP_`, in any case; `ALL` is all of them. Adding ALL
 * leaves out what is dropped; dropping ALL leaves what is added. Throws SPEC_INVALID for an unknown name.
 */
export function capabilitySet(options: {
  readonly privileged: boolean;
  readonly add: readonly string[];
  readonly drop: readonly string[];
}): readonly string[] {
  const add = options.add.map((name) => capability(name, 'CapAdd'));
  const drop = new Set(options.drop.map((name) => capability(name, 'CapDrop')));
  if (options.privileged) return ALL_CAPABILITIES;
  if (add.includes('ALL')) return ALL_CAPABILITIES.filter((name) => !drop.has(name));
  const base = drop.has('ALL') ? [] : DEFAULT_CAPABILITIES.filter((name) => !drop.has(name));
  return [...new Set([...base, ...add])];
}

/** Not ambient and not inheritable: a program that gives up root keeps nothing. */
export function ociCapabilities(names: readonly string[]): OciCapabilities {
  return { bounding: names, effective: names, permitted: names };
}

function capability(name: string, field: string): string {
  const upper = name.toUpperCase();
  if (upper === 'ALL') return upper;
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (!ALL_CAPABILITIES.includes(full)) {
    throw new ShiplogError('SPEC_INVALID', `invalid ${field}: unknown capability: "${name}"`, { field, capability: name });
  }
  return full;
}
