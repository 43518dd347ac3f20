import { ShiplogError, type ResourceLimits } from '@shiplog/contracts';

/** One controller of the hierarchy: which limits are its, and how it takes them. */
export interface Controller {
  readonly name: string;
  /** Sets what `limits` says of this controller in the group at `directory`. Answers what it could not set, each with its reason. */
  setLimits(directory: string, limits: ResourceLimits): Promise<readonly string[]>;
}

/** Tries a setting: '' when it took, or a warning that names it. What the kernel calls invalid is the caller's mistake. */
export async function attempt(limit: string, set: () => Promise<void>): Promise<readonly string[]> {
  try {
    await set();
    return [];
  } catch (error) {
    const errno = error instanceof ShiplogError ? error.facts.errno : undefined;
    if (errno === 'EINVAL' || errno === 'ERANGE') {
      throw new ShiplogError('SPEC_INVALID', `the kernel does not take this ${limit}`, error instanceof ShiplogError ? error.facts : {}, { cause: error });
    }
    return [`${limit}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
