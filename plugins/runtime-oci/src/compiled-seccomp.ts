import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** What crun reads a ready filter from, base64, instead of compiling the profile (crun(1)). Its saved filter is what exec sessions get. */
const ANNOTATION = 'run.oci.seccomp_bpf_data';

/** Profiles differ by capabilities and by what users bring; more than this is somebody's generator. */
const MOST = 64;

/** The parts of a spec that matter here. */
interface Spec {
  readonly annotations?: { readonly [name: string]: string };
  readonly linux?: { readonly seccomp?: object };
}

/**
 * Seccomp filters as crun compiled them, by profile. Compiling the default profile takes crun longer than all else it does
 * for a container (25 of 40 ms where it was measured), and the result depends on nothing but the profile.
 */
export class CompiledSeccomp {
  readonly #filters = new Map<string, string>();

  /** The spec with the filter its profile was compiled to before, if it was. */
  reuse<S extends Spec>(spec: S): S {
    const profile = spec.linux?.seccomp;
    const filter = profile === undefined ? undefined : this.#filters.get(keyOf(profile));
    return filter === undefined ? spec : { ...spec, annotations: { ...spec.annotations, [ANNOTATION]: filter } };
  }

  /** Keeps what crun made of the spec's profile; it saves the filter beside the container's state. */
  async learn(spec: Spec, state: string): Promise<void> {
    const profile = spec.linux?.seccomp;
    if (profile === undefined || this.#filters.size >= MOST || this.#filters.has(keyOf(profile))) return;
    try {
      const filter = await readFile(`${state}/seccomp.bpf`, 'base64');
      if (filter !== '') this.#filters.set(keyOf(profile), filter);
    } catch (error) {
      // A crun that saves none compiles each time.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function keyOf(profile: object): string {
  return hash('sha256', JSON.stringify(profile));
}
