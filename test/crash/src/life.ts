import { type Caller, type CommandArgs, ShiplogError } from '@shiplog/contracts';
import { PLAIN_SPEC } from '@shiplog/contracts/testing';
import type { RunningEngine } from '@shiplog/engine';

const CALLER: Caller = { actor: { scheme: 'unix', uid: 1000, gid: 1000, pid: 42 } };

async function* nothing(): AsyncIterable<Uint8Array> {}

/** Loads the image that lives are made of; loading it again changes nothing. */
export async function loadImage(engine: RunningEngine): Promise<void> {
  await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
}

/** A container's life with all that may happen in one, refusals included. The same `number` lives the same life. */
export async function live(engine: RunningEngine, number: number): Promise<void> {
  const name = `life-${number}`;
  const spec = { ...PLAIN_SPEC, image: 'sim', logDriver: 'sim', labels: { number: String(number), filler: 'x'.repeat(number % 700) } };
  await engine.execute('container.create', { name, spec }, CALLER);
  await refused(engine, { name, spec });
  await engine.execute('container.start', { container: name }, CALLER);
  if (number % 3 === 0) await engine.execute('container.pause', { container: name }, CALLER);
  if (number % 3 === 0) await engine.execute('container.unpause', { container: name }, CALLER);
  if (number % 4 === 0) await engine.execute('container.restart', { container: name }, CALLER);
  if (number % 5 === 0) {
    await engine.execute('volume.create', { name: `volume-${number}`, driver: 'local', options: {}, labels: {} }, CALLER);
    await engine.execute('volume.remove', { volume: `volume-${number}`, force: false }, CALLER);
  }
  await engine.execute('container.rename', { container: name, name: `${name}-later` }, CALLER);
  await engine.execute('container.stop', { container: `${name}-later` }, CALLER);
  // Some stay, so that there is more and more to remember.
  if (number % 8 !== 0) await engine.execute('container.remove', { container: `${name}-later`, force: true, volumes: true }, CALLER);
}

/** Events that stay in the database. */
const RECENT = 60;

/** Moves all but the latest events into archives. */
export async function seal(engine: RunningEngine): Promise<void> {
  await engine.execute('log.seal', { before: Math.max(0, engine.log.durableSeq - RECENT) }, CALLER);
}

/** Removes events before a position for good. Nothing may be under way. */
export async function prune(engine: RunningEngine, before: number): Promise<void> {
  await engine.execute('log.prune', { before }, CALLER);
}

async function refused(engine: RunningEngine, args: CommandArgs['container.create']): Promise<void> {
  try {
    await engine.execute('container.create', args, CALLER);
  } catch (error) {
    if (error instanceof ShiplogError && error.code === 'CONTAINER_NAME_IN_USE') return;
    throw error;
  }
  throw new Error('a second container took the name of the first');
}
