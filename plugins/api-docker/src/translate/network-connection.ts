import type { CommandArgs } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';
import { endpointOf } from './networking.ts';
import { invalid } from './refusals.ts';

/** The body of `POST /networks/{id}/connect`. */
export function connectionOf(body: Fields): Omit<CommandArgs['network.connect'], 'network'> {
  return { container: containerOf(body), endpoint: endpointOf(body.object('EndpointConfig')) };
}

/** Whom a connection is about. */
export function containerOf(body: Fields): string {
  const container = body.string('Container');
  if (container === '') throw invalid('the field Container names no container');
  return container;
}
