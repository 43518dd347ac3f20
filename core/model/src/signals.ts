import { ShiplogError } from '@shiplog/contracts';

/** Signal numbers of Linux on x86-64 and arm64 (signal(7)), by name without `SIG`. */
const NUMBERS: { readonly [name: string]: number } = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  IOT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  POLL: 29,
  PWR: 30,
  SYS: 31,
};

/** The C library keeps 32 and 33 for itself, so RTMIN is 34 for programs. */
const RTMIN = 34;
const RTMAX = 64;

/** `SIGTERM`, `term`, `15`, `RTMIN+3`, `RTMAX-1` to a number from 1 to 64. Throws SIGNAL_INVALID. */
export function signalNumber(signal: string): number {
  const number = numberOf(signal.trim().toUpperCase());
  if (number === undefined) throw new ShiplogError('SIGNAL_INVALID', `invalid signal: ${signal}`, { signal });
  return number;
}

/** The usual name with `SIG`; `SIGRTMIN+n` for real-time signals. Throws SIGNAL_INVALID for what is no signal. */
export function signalName(number: number): string {
  if (number >= RTMIN && number <= RTMAX) return number === RTMIN ? 'SIGRTMIN' : `SIGRTMIN+${number - RTMIN}`;
  for (const [name, value] of Object.entries(NUMBERS)) if (value === number) return `SIG${name}`;
  throw new ShiplogError('SIGNAL_INVALID', `invalid signal: ${number}`, { signal: number });
}

function numberOf(text: string): number | undefined {
  if (/^\d{1,3}$/.test(text)) return within(Number(text), 1);
  const name = text.startsWith('SIG') ? text.slice(3) : text;
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realTime === null) return Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
  const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
  return within((realTime[1] === 'MIN' ? RTMIN : RTMAX) + offset, RTMIN);
}

function within(number: number, from: number): number | undefined {
  return number >= from && number <= RTMAX ? number : undefined;
}
