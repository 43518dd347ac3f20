/** A health check with nothing left open. Times in milliseconds. */
export interface Healthcheck {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
  /** So many failures in a row are too many. */
  readonly retries: number;
}

/** What one probe of a health check found. Data, like a container's output: no event, export or error has it. */
export interface ProbeResult {
  /** Nanoseconds since the epoch, decimal. */
  readonly start: string;
  readonly end: string;
  /** 0 is well; -1 of one that could not run, or took too long. */
  readonly exitCode: number;
  /** The first 4,096 bytes of what it printed, and `...` where there was more; or why it has no exit code. */
  readonly output: string;
}

/** What this engine's probes of a container found, in memory alone: a new engine has none. */
export interface ProbeResults {
  /** Failures since the last success, also those that changed nothing. */
  readonly failingStreak: number;
  /** The last five, the newest last. */
  readonly last: readonly ProbeResult[];
}
