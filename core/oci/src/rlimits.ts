import { type ContainerSpec, ShiplogError } from '@shiplog/contracts';
import type { OciRlimit } from './oci-spec.ts';

const NAMES = new Set('as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '));
/** The largest number below 2^64 that JSON carries exactly between programs; the kernel knows no resource that reaches it. */
const UNLIMITED = 18_446_744_073_709_549_568;

/** The limits of getrlimit(2) from a spec's ulimits; -1 is no limit. Throws SPEC_INVALID for an unknown name or soft above hard. */
export function rlimits(ulimits: ContainerSpec['ulimits']): readonly OciRlimit[] {
  return ulimits.map(({ name, soft, hard }) => {
    if (!NAMES.has(name)) throw new ShiplogError('SPEC_INVALID', `invalid ulimit type: ${name}`, { ulimit: name });
    if (hard !== -1 && (soft === -1 || soft > hard)) {
      throw new ShiplogError('SPEC_INVALID', `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`, {
        ulimit: name,
      });
    }
    return { type: `RLIMIT_${name.toUpperCase()}`, soft: soft === -1 ? UNLIMITED : soft, hard: hard === -1 ? UNLIMITED : hard };
  });
}
