import { ShiplogError } from '@shiplog/contracts';

/** How a simulated process ends. */
export interface Plan {
  /** Milliseconds it runs; absent: until a signal ends it. */
  readonly runMs?: number;
  readonly exitCode: number;
}

/** Annotations of a container's spec, and options of the driver, that say how its process ends. */
export const RUN_MS = 'sim.run-ms';
export const EXIT_CODE = 'sim.exit-code';

/** What the annotations say, or else the driver's options. Throws SPEC_INVALID, naming the one that cannot be read. */
export function planOf(spec: object, options: { readonly [option: string]: string }): Plan {
  const { annotations = {} } = spec as { readonly annotations?: { readonly [name: string]: string } };
  const runMs = number(RUN_MS, annotations[RUN_MS] ?? options['run-ms'], 2 ** 31 - 1);
  return {
    ...(runMs === undefined ? {} : { runMs }),
    exitCode: number(EXIT_CODE, annotations[EXIT_CODE] ?? options['exit-code'], 255) ?? 0,
  };
}

function number(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= most)) throw new ShiplogError('SPEC_INVALID', `${name} takes a whole number up to ${most}, not "${text}"`, { name });
  return value;
}
