import { type ResourceLimits, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from './errno.ts';

/** One controller of a hierarchy: which limits are its, and how it takes them. */
export interface CgroupController {
  readonly name: string;
  readonly limits: readonly (keyof ResourceLimits)[];
  /**
   * Sets what `limits` says of this controller in the group at `directory`; what is absent stays. Answers what it could
   * not set, each with its reason. Throws SPEC_INVALID for a value the kernel calls invalid; limits before it are set.
   */
  setLimits(directory: string, limits: ResourceLimits): Promise<readonly string[]>;
}

/** Tries a setting: nothing when it took, or a warning that names it. What the kernel calls invalid is the caller's mistake. */
export async function attemptLimit(limit: string, set: () => Promise<void>): Promise<readonly string[]> {
  try {
    await set();
    return [];
  } catch (error) {
    if (!(error instanceof ShiplogError) || error.code !== 'KERNEL_CALL_FAILED') throw error;
    const errno = errnoOf(error);
    if (errno === 'EINVAL' || errno === 'ERANGE') {
      const value = String(error.facts['value']);
      throw new ShiplogError('SPEC_INVALID', `the kernel does not take ${value} as ${limit}`, error.facts, { cause: error });
    }
    return [errno === 'ENOENT' ? `${limit}: this kernel does not have it` : `${limit}: ${error.message}`];
  }
}

/** One warning for each limit that is asked of a controller which this host lacks: the limit, and `why`. */
export function warnOfMissing({ limits }: CgroupController, asked: ResourceLimits, why: string): readonly string[] {
  return limits.filter((limit) => isAsked(asked[limit])).map((limit) => `${limit}: ${why}`);
}

function isAsked(value: ResourceLimits[keyof ResourceLimits]): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== 0 && value !== -1 && value !== '' && value !== false;
}
