import { ERRORS, type ErrorCode, ShiplogError, VERB_TABLES } from '@shiplog/contracts';
import type { StepTimes } from '../recording/step-times.ts';

/** How long a step takes: always the same, anything between, or so many times what it took. Milliseconds. */
export type Latency = { readonly from: number; readonly to: number } | { readonly times: number };

/** Another driver for a family, and how many times as long as the recorded one it takes. Without `times`: as its own records say. */
export interface OtherDriver {
  readonly name: string;
  readonly times?: number;
}

/** A failure that is put into the operation recorded at `seq`: in its first call, or at a step. */
export interface Fault {
  readonly seq: number;
  readonly code: ErrorCode;
  readonly step?: string;
}

/** What is to be otherwise than it was. */
export interface WhatIf {
  /** By driver family. */
  readonly drivers: ReadonlyMap<string, OtherDriver>;
  /** By step, such as `storage.mount`. */
  readonly latencies: ReadonlyMap<string, Latency>;
  readonly faults: readonly Fault[];
}

export const AS_IT_WAS: WhatIf = { drivers: new Map(), latencies: new Map(), faults: [] };

/** Reads `5ms`, `5ms-20ms` or `x2`. Throws REQUEST_INVALID. */
export function parseLatency(text: string): Latency {
  const times = /^x(\d+(?:\.\d+)?)$/.exec(text);
  if (times !== null) return { times: Number(times[1]) };
  const range = /^(\d+(?:\.\d+)?)(ms|s)(?:-(\d+(?:\.\d+)?)(ms|s))?$/.exec(text);
  if (range !== null) {
    const from = Number(range[1]) * (range[2] === 's' ? 1000 : 1);
    const to = range[3] === undefined ? from : Number(range[3]) * (range[4] === 's' ? 1000 : 1);
    if (to >= from) return { from, to };
  }
  throw new ShiplogError('REQUEST_INVALID', `cannot read "${text}" as a latency: give 5ms, 5ms-20ms or x2`, { latency: text });
}

/** Reads `STEP=LATENCY`. Throws REQUEST_INVALID. */
export function parseStepLatency(text: string): readonly [step: string, Latency] {
  const [step = '', latency = ''] = split(text, '=');
  if (!/^[a-z-]+\.[a-zA-Z]+$/.test(step))
    throw new ShiplogError('REQUEST_INVALID', `cannot read "${text}": give a step and a latency, as in storage.mount=5ms`, { text });
  return [step, parseLatency(latency)];
}

/** Reads `FAMILY=NAME` or `FAMILY=NAME:TIMES`. Throws REQUEST_INVALID. */
export function parseOtherDriver(text: string): readonly [family: string, OtherDriver] {
  const read = /^([a-z-]+)=([^:=]+)(?::(\d+(?:\.\d+)?))?$/.exec(text);
  if (read === null)
    throw new ShiplogError(
      'REQUEST_INVALID',
      `cannot read "${text}": give a family and a driver, as in storage=vfs:3, three times as slow`,
      {
        text,
      },
    );
  return [read[1] ?? '', { name: read[2] ?? '', ...(read[3] === undefined ? {} : { times: Number(read[3]) }) }];
}

/** Reads `SEQ=CODE` or `SEQ=CODE@STEP`. Throws REQUEST_INVALID. */
export function parseFault(text: string): Fault {
  const read = /^(\d+)=([A-Z_]+)(?:@(.+))?$/.exec(text);
  const code = read?.[2] ?? '';
  if (read === null || !Object.hasOwn(ERRORS, code))
    throw new ShiplogError(
      'REQUEST_INVALID',
      `cannot read "${text}" as a fault: give a position and a code of the catalogue, as in 120=DISK_FULL@storage.mount`,
      { text },
    );
  return { seq: Number(read[1]), code: code as ErrorCode, ...(read[3] === undefined ? {} : { step: read[3] }) };
}

function split(text: string, mark: string): readonly string[] {
  const cut = text.indexOf(mark);
  return cut < 0 ? [text] : [text.slice(0, cut), text.slice(cut + 1)];
}

/** Throws REQUEST_INVALID for what this recording gives no ground for: steps nobody took, drivers without times, faults at no step of any driver. */
export function checkWhatIf({ drivers, latencies, faults }: WhatIf, times: StepTimes): void {
  for (const step of latencies.keys()) {
    if (times.of(step).length === 0)
      throw new ShiplogError('REQUEST_INVALID', `the log has no step "${step}"; it has ${times.steps.toSorted().join(', ')}`, { step });
  }
  for (const { seq, step } of faults) {
    if (step !== undefined && !times.steps.includes(step) && !isVerb(step))
      throw new ShiplogError('REQUEST_INVALID', `no driver has a step "${step}"; the log has ${times.steps.toSorted().join(', ')}`, {
        step,
      });
    if (faults.filter((other) => other.seq === seq).length > 1)
      throw new ShiplogError('REQUEST_INVALID', `position ${seq} has two faults: an operation fails once`, { seq });
  }
  for (const [family, { name, times: factor }] of drivers) {
    const steps = times.steps.filter((step) => step.startsWith(`${family}.`));
    if (steps.length === 0) throw new ShiplogError('REQUEST_INVALID', `the log has no step of a ${family} driver`, { family });
    if (factor === undefined && steps.every((step) => times.of(step, name).length === 0))
      throw new ShiplogError(
        'REQUEST_INVALID',
        `the log does not say how long the ${family} driver ${name} takes; say how many times as long as now, as in ${family}=${name}:2`,
        { family, name },
      );
  }
}

function isVerb(step: string): boolean {
  const [family = '', verb = ''] = split(step, '.');
  const tables: { readonly [family: string]: object } = VERB_TABLES;
  return Object.hasOwn(tables, family) && Object.hasOwn(tables[family] ?? {}, verb);
}
