import { Random } from './random.ts';
import { type Script, type SyntheticAppend, SyntheticHost } from './synthetic-host.ts';
import { SyntheticLife } from './synthetic-life.ts';

export interface SyntheticLogOptions {
  /** The same seed makes the same log; 1 if absent. */
  readonly seed?: number;
  /** How many containers there are at once, about; 200 if absent. */
  readonly containers?: number;
}

/** Operations under way at once. */
const CONCURRENT = 6;

/**
 * A log as a busy host would have written it, made by the model: services that stay, jobs that come and go, execs,
 * restarts, crashes, images, networks, volumes, refusals, failures, engine restarts; several operations under way at once.
 * Nothing of it is real, and `decide` decided all of it.
 *
 * At least `events` events, and a few more: the last append may go past. Hand the requests to an empty log, or use the events as
 * they are.
 */
export function* syntheticLog(events: number, options: SyntheticLogOptions = {}): Generator<SyntheticAppend, void, undefined> {
  const random = new Random(options.seed ?? 1);
  const target = options.containers ?? 200;
  const host = new SyntheticHost(random);
  const life = new SyntheticLife(host);
  for (const _ of life.install()) yield* host.take();
  yield* host.take();
  const scripts: Script[] = [];
  while (host.seq + 1 < events) {
    while (scripts.length < CONCURRENT) scripts.push(next(host, life, target));
    const index = random.integer(scripts.length);
    const done = scripts[index]?.next().done;
    yield* host.take();
    if (done !== true) continue;
    scripts.splice(index, 1);
    host.wait(random.integer(8000));
  }
}

function next(host: SyntheticHost, life: SyntheticLife, target: number): Script {
  const { random, state } = host;
  const missing = target - state.containers.size;
  if (missing > target / 10 || (missing > 0 && random.chance(0.3))) return life.service();
  const dice = random.integer(1000);
  if (dice < 1) return life.restart();
  if (dice < 40) return life.chore();
  if (dice < 400) return life.job();
  return life.event(missing < 0 || random.chance(0.05));
}
