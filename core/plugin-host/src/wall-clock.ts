/** Milliseconds by which the host's clock and this one may differ: what two readings are apart on a busy machine is no step. */
const STEP_MS = 100;
/** Readings that took longer than that say nothing of one another. */
const AT_ONCE_MS = 1;

/**
 * Tells the wall time in nanoseconds, decimal, to the microsecond: `origin`, and what `steady` counted since, both in milliseconds. Where the host's own
 * clock, `wall`, was set meanwhile, or went on while the machine slept and `steady` stood still, it follows.
 */
export function wallClock(origin: number, wall: () => number, steady: () => number): () => string {
  let begin = origin;
  return () => {
    const before = steady();
    const shown = wall();
    const at = steady();
    if (at - before < AT_ONCE_MS && Math.abs(shown - begin - at) > STEP_MS) begin = shown - at;
    const ms = begin + at;
    const whole = Math.floor(ms);
    return (BigInt(whole) * 1_000_000n + BigInt(Math.floor((ms - whole) * 1000)) * 1000n).toString();
  };
}
