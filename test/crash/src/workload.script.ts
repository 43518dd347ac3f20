// Runs an engine over a log on disk: `DIR EVENTS REFERENCE [FAULT]`. Appends to DIR/ack the last position that was acknowledged, each time one is,
// and the text of each event to the file REFERENCE. Old events are sealed now and then, and at last some are pruned.
// A FAULT breaks a promise on purpose, so that the tests can show that they would notice: `unsynced`, `early`.
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { AppendRequest, EventLog } from '@shiplog/contracts';
import { canonicalJson, openLevelLog } from '@shiplog/event-log';
import { live, loadImage, prune, seal } from './life.ts';
import { BOOT, simulatedEngine } from './simulated-engine.ts';
import { syncSometimes } from './wrong/sync-sometimes.ts';

const CLIENTS = 3;
/** The log is closed and opened again after so many events: opening writes files too. */
const RUN = 700;
/** Lives between two seals. */
const SEAL_EVERY = 12;
/** Small, so that LevelDB goes through many files. */
const WRITE_BUFFER = 64 * 1024;

const [directory = '', target = '0', reference = '', fault = ''] = process.argv.slice(2);
const acks = openSync(join(directory, 'ack'), 'a');
const texts = openSync(reference, 'a');
if (fault === 'unsynced') syncSometimes();

function telling(log: EventLog): EventLog {
  const tell = (seq: number): void => void writeSync(acks, `${seq}\n`);
  const append = (request: AppendRequest): ReturnType<EventLog['append']> => {
    const admitted = log.append(request);
    const seq = admitted.events.at(-1)?.seq;
    if (seq === undefined) return admitted;
    // Admitted in order, one after the other.
    for (const event of admitted.events) writeSync(texts, `${canonicalJson(event)}\n`);
    if (fault === 'early') tell(seq);
    else void admitted.durable.then(() => tell(seq)).catch(() => undefined);
    return admitted;
  };
  return new Proxy(log, {
    get(_, name) {
      if (name === 'append') return append;
      const value: unknown = Reflect.get(log, name, log);
      return typeof value === 'function' ? value.bind(log) : value;
    },
  });
}

let lives = 0;
for (let run = 0; ; run++) {
  const inst = `run${run}`;
  const log = await openLevelLog({ directory: join(directory, 'log'), boot: BOOT, inst, writeBufferBytes: WRITE_BUFFER });
  const engine = await simulatedEngine(telling(log), inst);
  await loadImage(engine);
  const end = Math.min(log.durableSeq + RUN, Number(target));
  const client = async (): Promise<void> => {
    while (log.durableSeq < end) {
      await live(engine, (lives += 1));
      if (lives % SEAL_EVERY === 0) await seal(engine);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  if (log.durableSeq >= Number(target)) await prune(engine, Math.floor(Number(target) / 2));
  await engine.stop('done');
  const last = log.durableSeq;
  await log.close();
  if (last >= Number(target)) break;
}
