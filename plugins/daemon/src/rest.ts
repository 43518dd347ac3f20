import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** How long the engine must have had next to nothing to do. */
const QUIET_MS = 5_000;
/** Which part of that time it may have worked. */
const RESTING = 0.01;
/** Work after which there is something to let go of, ms. */
const WORTH_MS = 100;

/** Tells when an engine comes to rest after it worked. */
export class Rest {
  #worked = 0;

  /** A while has passed, with so much work in it: true once it rests, and then not before it has worked again. */
  begins({ active, utilization }: Pick<EventLoopUtilization, 'active' | 'utilization'>): boolean {
    this.#worked += active;
    if (utilization > RESTING || this.#worked < WORTH_MS) return false;
    this.#worked = 0;
    return true;
  }
}

/**
 * Has the whole heap collected, and made smaller, when the process comes to rest: V8 gives nothing back by itself where little is allocated afterwards,
 * or does so in the middle of the work (--optimize-for-size). That takes some 40 ms, in which nothing else is done. Nothing where Node was not
 * started with --expose-gc. Answers with what ends it.
 */
export function collectAtRest(): () => void {
  const { gc } = globalThis;
  if (gc === undefined) return () => undefined;
  const rest = new Rest();
  let before = performance.eventLoopUtilization();
  // Starting was work, too.
  rest.begins(before);
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    // Of this flavor, pages that are hardly used are emptied, and given back.
    if (rest.begins(performance.eventLoopUtilization(now, before))) gc({ type: 'major', flavor: 'last-resort' });
    before = performance.eventLoopUtilization();
  }, QUIET_MS);
  timer.unref();
  return () => clearInterval(timer);
}
