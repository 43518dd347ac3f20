import type { LogRecord } from '@shiplog/contracts';

/** `<RFC 3339 with nanoseconds> <stdout|stderr> <F|P> <text>`: the CRI's log format. */
const HEAD = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2}) (stdout|stderr) ([FP]) /;
/** Bytes of the longest head. */
const LONGEST_HEAD = 48;
const NEWLINE = Buffer.from('\n');

/** The seconds parsed last: lines come many a second. */
let lastWritten = '';
let lastSeconds = '';

/** A line of a spool, with its newline, as a record; undefined if it is none, as after a crash in its middle. */
export function parseSpoolLine(line: Buffer): LogRecord | undefined {
  // The head is short and plain; the text may be any bytes.
  const match = HEAD.exec(line.toString('latin1', 0, LONGEST_HEAD));
  if (match === null) return undefined;
  const [head, written = '', fraction = '', zone = '', stream, flag] = match;
  const partial = flag === 'P';
  return {
    time: secondsOf(written + zone) + fraction.padEnd(9, '0'),
    stream: stream === 'stderr' ? 'stderr' : 'stdout',
    data: partial ? line.subarray(head.length, line.length - NEWLINE.length) : line.subarray(head.length),
    partial,
  };
}

function secondsOf(written: string): string {
  if (written !== lastWritten) {
    lastSeconds = String(Date.parse(written) / 1000);
    lastWritten = written;
  }
  return lastSeconds;
}
