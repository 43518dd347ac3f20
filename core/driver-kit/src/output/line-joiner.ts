import type { LogRecord } from '@shiplog/contracts';

/** A line longer than this is several records (Docker's copier has the same limit). */
const LONGEST = 16_384;

/** A record that is one of several for one long line. */
export interface OutputRecord extends LogRecord {
  readonly part?: { readonly id: string; readonly ordinal: number; readonly last: boolean };
}

interface Begun {
  readonly time: string;
  readonly data: Buffer;
  /** How many records of this line there were already. */
  readonly parts: number;
}

/** The beginnings of lines that have not ended, as plain data. */
export interface BegunLines {
  readonly [stream: string]: { readonly time: string; readonly data: string; readonly parts: number };
}

/**
 * Puts together the parts in which the monitor wrote a line: a buffer's end, or a pause of the writer, is no end of a line.
 * Lines come out whole, or, beyond 16 KiB, in records of that size. Nothing is lost between two joiners if one takes up
 * what {@link LineJoiner.begun} of the other says.
 */
export class LineJoiner {
  readonly #begun = new Map<LogRecord['stream'], Begun>();

  constructor(begun: BegunLines = {}) {
    for (const stream of ['stdout', 'stderr'] as const) {
      const one = begun[stream];
      if (one !== undefined) this.#begun.set(stream, { time: one.time, data: Buffer.from(one.data, 'base64'), parts: one.parts });
    }
  }

  /** The records that are whole with this one. */
  push(record: LogRecord): readonly OutputRecord[] {
    const before = this.#begun.get(record.stream);
    if (before === undefined && !record.partial && record.data.length <= LONGEST) return [record];
    const { time, parts } = before ?? { time: record.time, parts: 0 };
    let data = before === undefined ? Buffer.from(record.data) : Buffer.concat([before.data, record.data]);
    let count = parts;
    const whole: OutputRecord[] = [];
    // The newline is not counted: a line of exactly the limit is one record.
    while (data.length - (record.partial ? 0 : 1) > LONGEST) {
      whole.push(this.#part(record.stream, time, data.subarray(0, LONGEST), count, false));
      data = data.subarray(LONGEST);
      count += 1;
    }
    if (record.partial) {
      this.#begun.set(record.stream, { time, data, parts: count });
      return whole;
    }
    this.#begun.delete(record.stream);
    whole.push(count === 0 ? { time, stream: record.stream, data, partial: false } : this.#part(record.stream, time, data, count, true));
    return whole;
  }

  /** What was begun and will not be ended. */
  flush(): readonly OutputRecord[] {
    const rest = [...this.#begun].map(([stream, { time, data, parts }]): OutputRecord => {
      if (parts === 0) return { time, stream, data, partial: true };
      return { ...this.#part(stream, time, data, parts, true), partial: true };
    });
    this.#begun.clear();
    return rest;
  }

  get begun(): BegunLines {
    return Object.fromEntries(
      [...this.#begun].map(([stream, { time, data, parts }]) => [stream, { time, data: data.toString('base64'), parts }]),
    );
  }

  #part(stream: LogRecord['stream'], time: string, data: Buffer, ordinal: number, last: boolean): OutputRecord {
    return { time, stream, data, partial: !last, part: { id: `${stream}-${time}`, ordinal: ordinal + 1, last } };
  }
}
