import { join } from 'node:path';
import type { EventLog, ShiplogEvent } from '@shiplog/contracts';
import { openLevelLog } from '@shiplog/event-log';
import { createState, evolve, storedText, storeState } from '@shiplog/model';
import type { FaultColumn } from './report.ts';
import { BOOT, simulatedEngine } from './simulated-engine.ts';

/** What is wrong with what a crash left; see {@link examine}. */
export interface Finding {
  readonly fault: FaultColumn;
  readonly reason: string;
}

export interface Expectations {
  /** The last position that was acknowledged; -1 for none. */
  readonly acknowledged: number;
  /** Texts of the events that the writer appended, by position; absent where no run without a crash is there to compare with. */
  readonly reference?: readonly string[];
  /** Also starts an engine on it, twice. */
  readonly recover: boolean;
}

/**
 * Opens the log that a crash left below `directory` as an engine does, and reads all of it. It must open (else `unopened`), hold
 * every acknowledged event (else `lost`), or what stands for those that were pruned, without a gap, and nothing but what the writer appended
 * (else `contradicted`); an engine that starts on it must end what was open, and a second one must find nothing to do (else `not recovered`).
 */
export async function examine(directory: string, { acknowledged, reference, recover }: Expectations): Promise<Finding | undefined> {
  let log: EventLog;
  try {
    log = await openLog(directory);
  } catch (error) {
    return { fault: 'unopened', reason: String(error) };
  }
  try {
    const finding = await compare(log, acknowledged, reference);
    if (finding !== undefined) return finding;
  } finally {
    await log.close();
  }
  return recover ? recoverTwice(directory) : undefined;
}

function openLog(directory: string): Promise<EventLog> {
  return openLevelLog({ directory: join(directory, 'log'), boot: BOOT, inst: 'after' });
}

async function compare(log: EventLog, acknowledged: number, reference: readonly string[] | undefined): Promise<Finding | undefined> {
  // What was pruned is gone for good; that it was asked for, the events behind it say.
  let expected = log.firstSeq;
  try {
    for await (const event of log.read()) {
      if (event.seq !== expected) return { fault: 'gap', reason: `event ${event.seq} stands in the place of ${expected}` };
      // Stored bytes are canonical, and parsing keeps the order of keys.
      if (reference !== undefined && JSON.stringify(event) !== reference[expected])
        return { fault: 'contradicted', reason: `event ${expected} is not the one that was appended` };
      expected++;
    }
  } catch (error) {
    return { fault: 'gap', reason: String(error) };
  }
  if (expected <= acknowledged) return { fault: 'lost', reason: `events ${expected} to ${acknowledged} were acknowledged and are gone` };
  return compareBoundary(log, reference);
}

/** What stands for pruned events must be there, and be what they lead to. */
async function compareBoundary(log: EventLog, reference: readonly string[] | undefined): Promise<Finding | undefined> {
  try {
    const boundary = await log.boundary();
    if ((boundary?.seq ?? -1) !== log.firstSeq - 1)
      return { fault: 'contradicted', reason: `the log begins at ${log.firstSeq}, and what stands for the rest is as of ${boundary?.seq}` };
    if (boundary === undefined || reference === undefined) return undefined;
    if (Buffer.from(boundary.state).toString('utf8') === stateAt(reference, boundary.seq)) return undefined;
    return { fault: 'contradicted', reason: `what stands for the events up to ${boundary.seq} is not what they lead to` };
  } catch (error) {
    return { fault: 'lost', reason: String(error) };
  }
}

/** The state after the event at `seq`, as a prune stores it. */
function stateAt(reference: readonly string[], seq: number): string {
  const state = createState();
  for (const text of reference.slice(0, seq + 1)) evolve(state, JSON.parse(text) as ShiplogEvent);
  return storedText(storeState(state));
}

async function recoverTwice(directory: string): Promise<Finding | undefined> {
  try {
    const first = await startAndStop(directory, 'first');
    if (first.open > 0) return { fault: 'not recovered', reason: `${first.open} operations stay open after recovery` };
    const second = await startAndStop(directory, 'second');
    const more = second.types.filter((type) => type !== 'engine.started' && type !== 'engine.stopped');
    if (more.length > 0) return { fault: 'not recovered', reason: `a second recovery appended ${more.join(', ')}` };
    return undefined;
  } catch (error) {
    return { fault: 'not recovered', reason: String(error) };
  }
}

async function startAndStop(
  directory: string,
  instance: string,
): Promise<{ readonly open: number; readonly types: readonly ShiplogEvent['type'][] }> {
  const log = await openLog(directory);
  try {
    const from = log.durableSeq + 1;
    const engine = await simulatedEngine(log, instance);
    const open = (await engine.view()).openOperations.size;
    await engine.stop('examined');
    const types: ShiplogEvent['type'][] = [];
    for await (const event of log.read({ from })) types.push(event.type);
    return { open, types };
  } finally {
    await log.close();
  }
}
