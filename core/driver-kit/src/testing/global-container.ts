import 'reflect-metadata';
import { container, type InjectionToken } from 'tsyringe';

/** True when the process-wide tsyringe container knows `token`: a plugin that registers there reaches into every other. */
export function isGloballyRegistered(token: InjectionToken): boolean {
  return container.isRegistered(token);
}
