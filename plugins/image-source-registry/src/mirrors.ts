import { type Hosts, mirrorsOf } from './hosts.ts';

/** Milliseconds for which a mirror that failed is not asked again. */
const REST_MS = 60_000;

/** Who is asked in a registry's place, and who of them fails now. */
export class Mirrors {
  readonly #hosts: Hosts;
  readonly #failedAt = new Map<string, number>();

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
  }

  /**
   * The first answer of a mirror of `domain`; undefined where none has one. What fails there is no failure, for the registry itself is asked then; only what
   * `signal` was aborted with is thrown.
   */
  async first<T>(domain: string, signal: AbortSignal, ask: (mirror: string) => Promise<T | undefined>): Promise<T | undefined> {
    for (const mirror of mirrorsOf(domain, this.#hosts)) {
      if (performance.now() - (this.#failedAt.get(mirror) ?? Number.NEGATIVE_INFINITY) < REST_MS) continue;
      try {
        const answer = await ask(mirror);
        if (answer !== undefined) return answer;
      } catch {
        signal.throwIfAborted();
        this.#failedAt.set(mirror, performance.now());
      }
    }
    return undefined;
  }
}
