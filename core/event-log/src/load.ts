import { corrupt, refusal } from './corrupt.ts';
import type { LogDatabase } from './database.ts';
import { readHead } from './head.ts';
import { GENESIS } from './hash-link.ts';
import { LogIndex } from './log-index.ts';
import type { Mark } from './mark.ts';
import { RawScan } from './raw-scan.ts';
import type { Segment } from './segment.ts';
import { SegmentScan } from './segment-scan.ts';
import { SegmentTable } from './segment-table.ts';

/** What opening finds out: the end of the log and the indexes over it. */
export interface LoadedLog {
  readonly head: Mark;
  readonly index: LogIndex;
  readonly segments: SegmentTable;
}

/**
 * Reads the log from its beginning and checks all it reads: contiguity, checksums, hash links, stream revisions, and that
 * it ends where the head mark says. `witness` is a mark kept outside of the database; it tells of events that were
 * acknowledged and are gone from the end without a trace. Throws LOG_CORRUPT, naming the range, or LOG_TOO_NEW.
 */
export async function load(db: LogDatabase, witness: Mark | undefined): Promise<LoadedLog> {
  const head = await readHead(db);
  if (witness !== undefined && witness.seq > head.seq) {
    throw corrupt(head.seq + 1, witness.seq, 'acknowledged once, and gone from the end of the log');
  }
  // A snapshot of the indexes at some position, once there is one, takes the place of this beginning.
  const fold = new Fold(0, GENESIS, witness);
  const scan = new SegmentScan(db, { first: 0, last: head.seq, ahead: true, chunk: 256 });
  try {
    for (let chunk = await scan.next(); chunk.length > 0; chunk = await scan.next()) {
      for (const segment of chunk) fold.add(segment);
    }
  } finally {
    await scan.close();
  }
  if (!fold.link.equals(head.link)) throw corrupt(fold.lastFirst, head.seq, 'the hash link does not lead to the head mark');
  await refuseBeyond(db, head);
  return { head, index: fold.index, segments: fold.segments };
}

class Fold {
  readonly index = new LogIndex();
  readonly segments = new SegmentTable();
  lastFirst: number;
  link: Buffer;
  readonly #witness: Mark | undefined;

  constructor(first: number, link: Buffer, witness: Mark | undefined) {
    this.lastFirst = first;
    this.link = link;
    this.#witness = witness;
  }

  add(segment: Segment): void {
    const { first, last } = segment;
    // Either side may be the one that was changed.
    if (!segment.previous.equals(this.link)) throw corrupt(this.lastFirst, last, 'the hash link does not continue from the event before');
    this.link = segment.link();
    this.lastFirst = first;
    const witness = this.#witness;
    if (witness !== undefined && witness.seq >= first && witness.seq <= last && !(witness.seq === last && witness.link.equals(this.link))) {
      throw corrupt(first, last, 'these are not the events that were acknowledged here');
    }
    this.segments.add(first);
    for (const event of eventsOf(segment)) {
      if (event.rev !== this.index.revision(event.stream) + 1) {
        throw corrupt(
          event.seq,
          event.seq,
          `revision ${event.rev} of ${event.stream} does not follow ${this.index.revision(event.stream)}`,
        );
      }
      this.index.add(event);
    }
  }
}

function eventsOf(segment: Segment): ReturnType<Segment['events']> {
  try {
    return segment.events();
  } catch (error) {
    throw refusal(error, segment.first, segment.last);
  }
}

async function refuseBeyond(db: LogDatabase, head: Mark): Promise<void> {
  const scan = new RawScan(db, { first: head.seq + 1, ahead: false, chunk: 1 });
  const beyond = await scan.next();
  await scan.close();
  if (beyond.length > 0) throw corrupt(head.seq + 1, head.seq + 1, 'stored after the head mark, which every write moves along');
}
