import type { ImageHealthcheck } from '@shiplog/contracts';
import { instructionWords } from '@shiplog/oci';
import { type Instruction, invalid } from './dockerfile.ts';

const NS: { readonly [unit: string]: number } = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Reads `HEALTHCHECK [options] CMD …` and `HEALTHCHECK NONE`. Throws BUILD_INVALID. */
export function healthcheckOf({ flags, rest }: Instruction): ImageHealthcheck {
  const [, type = '', command = ''] = /^(\S+)\s*([\s\S]*)$/.exec(rest) ?? [];
  if (type.toUpperCase() === 'NONE') {
    if (command !== '') throw invalid('HEALTHCHECK NONE takes no arguments');
    return { Test: ['NONE'] };
  }
  if (type.toUpperCase() !== 'CMD') throw invalid(`Unknown type "${type}" in HEALTHCHECK (try CMD)`);
  if (command === '') throw invalid('Missing command after HEALTHCHECK CMD');
  const words = instructionWords(command);
  const retries = flags.get('retries') ?? '';
  if (!/^\d*$/.test(retries)) throw invalid(`HEALTHCHECK --retries must be at least 1 (not ${retries})`);
  const test = words === undefined ? ['CMD-SHELL', command] : ['CMD', ...words];
  return {
    Test: test,
    ...time('Interval', flags.get('interval')),
    ...time('Timeout', flags.get('timeout')),
    ...time('StartPeriod', flags.get('start-period')),
    ...(retries === '' || Number(retries) === 0 ? {} : { Retries: Number(retries) }),
  };
}

/** A duration as Go writes it (time.ParseDuration), in nanoseconds. */
function time<K extends string>(field: K, text: string | undefined): { readonly [F in K]?: number } {
  if (text === undefined || text === '') return {};
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) throw invalid(`time: invalid duration "${text}"`);
  const value = Math.round(parts.reduce((sum, [, number, unit]) => sum + Number(number) * (NS[unit ?? ''] ?? 0), 0));
  if (value !== 0 && value < 1e6) throw invalid(`Interval "${field.toLowerCase()}" cannot be less than 1ms`);
  return (value === 0 ? {} : { [field]: value }) as { readonly [F in K]?: number };
}
