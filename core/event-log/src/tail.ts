import type { ShiplogEvent } from '@shiplog/contracts';
import { type CompleteTile, type Hash, TreeEdge } from '@shiplog/tlog';
import { PageBuilder } from './index-page.ts';
import { LogIndex } from './log-index.ts';
import { SegmentTable } from './segment-table.ts';

/** A page of the indexes that has just become complete. */
export interface CompletePage {
  /** Position of its last event. */
  readonly seq: number;
  readonly bytes: Buffer;
}

/** All that grows with each admitted event: the indexes, the tree, and the page that opening will read instead of the events. */
export class Tail {
  readonly index = new LogIndex();
  readonly segments = new SegmentTable();
  edge = new TreeEdge();
  #page = new PageBuilder(0, this.index);

  /** Events so far. */
  get size(): number {
    return this.edge.size;
  }

  /** Whether a page is due: it ends with a segment. */
  get pageDue(): boolean {
    return this.#page.full;
  }

  /** Takes in the next event. Tiles that it completes go to `completed`. */
  add(event: ShiplogEvent, leaf: Hash, completed: (tile: CompleteTile) => void): void {
    this.#page.add(event, this.index.add(event));
    this.edge.append(leaf, completed);
  }

  /** A segment begins at `first`. */
  addSegment(first: number): void {
    this.segments.add(first);
    this.#page.addSegment(first);
  }

  /** Ends the page, behind a segment's last event. */
  endPage(): CompletePage {
    const page = { seq: this.size - 1, bytes: this.#page.build(this.index, this.edge) };
    this.#page = new PageBuilder(this.size, this.index);
    return page;
  }

  /** Goes on behind what was loaded into the indexes, where the tree's edge is `edge`. */
  resume(edge: TreeEdge): void {
    this.edge = edge;
    this.#page = new PageBuilder(edge.size, this.index);
  }
}
