import { UsageError } from '../cli-error.ts';

/** `name=address` is the newer spelling of `name:address`, which the API has. */
export function extraHost(text: string): string {
  const normal = /^[^:]+=/.test(text) ? text.replace('=', ':') : text;
  if (!/^[^:]+:.+$/.test(normal)) throw new UsageError(`--add-host "${text}" cannot be read`, 'give NAME:ADDRESS');
  return normal;
}
