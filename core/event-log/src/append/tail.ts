import { TreeEdge } from '@shiplog/tlog';
import { PageBuilder } from '../indexes/index-page.ts';
import { LogIndex } from '../indexes/log-index.ts';
import { SegmentTable } from '../indexes/segment-table.ts';

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
  /** It may lag behind the indexes, until the leaves of all events are added. */
  edge = new TreeEdge();
  #page = new PageBuilder(this.index);

  /** Events so far. */
  get size(): number {
    return this.index.size;
  }

  /** Whether a page is due: it ends with a segment. */
  get pageDue(): boolean {
    return this.#page.full;
  }

  /** A segment begins at `first`. */
  addSegment(first: number): void {
    this.segments.add(first);
    this.#page.addSegment(first);
  }

  /** Ends the page, behind a segment's last event, whose leaf the tree has. */
  endPage(): CompletePage {
    const page = { seq: this.size - 1, bytes: this.#page.build(this.edge) };
    this.#page = new PageBuilder(this.index);
    return page;
  }

  /** Goes on behind what was loaded into the indexes, where the tree's edge is `edge`. */
  resume(edge: TreeEdge): void {
    this.edge = edge;
    this.#page = new PageBuilder(this.index);
  }
}
