import 'reflect-metadata';
import { container, type InjectionToken } from 'tsyringe';

/** True when the process-wide tsyringe container knows `token`: a plugin that registers there reaches into every other. */
export function isGloballyRegistered(token: InjectionToken): boolean {
  return container.isRegistered(token);
}

/** Registers as such a plugin would, for tests that it is noticed. Answers how to forget everything that is registered there. */
export function registerGlobally(token: InjectionToken, value: unknown): () => void {
  container.register(token, { useValue: value });
  return () => container.reset();
}
