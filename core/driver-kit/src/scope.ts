import 'reflect-metadata';
import { container, type DependencyContainer } from 'tsyringe';
import type { DriverFamilies, DriverKind } from '@shiplog/contracts';
import type { DriverClass, DriverDefinition } from './define-plugin.ts';
import { type DriverServices, HOME, KERNEL, LOG, LOGGER, OPTIONS } from './services.ts';

/** A driver with the container that made it. `dispose` ends what the driver holds, if it holds anything. */
export interface ScopedDriver<K extends DriverKind> {
  readonly driver: DriverFamilies[K];
  dispose(): Promise<void>;
}

/** Makes a driver in a child container of its own, with `services` and nothing else to inject. */
export function instantiate<K extends DriverKind>(definition: DriverDefinition<K>, services: DriverServices): ScopedDriver<K> {
  const scope: DependencyContainer = container.createChildContainer();
  scope.register(KERNEL, { useValue: services.kernel });
  scope.register(HOME, { useValue: services.home });
  scope.register(OPTIONS, { useValue: services.options });
  scope.register(LOGGER, { useValue: services.logger });
  scope.register(LOG, { useValue: services.log });
  const driver = 'create' in definition ? definition.create(services) : construct(scope, definition.driver);
  return {
    driver,
    async dispose() {
      const end = (driver as Partial<AsyncDisposable>)[Symbol.asyncDispose];
      if (end !== undefined) await end.call(driver);
      await scope.dispose();
    },
  };
}

function construct<T>(scope: DependencyContainer, driver: DriverClass<T>): T {
  const Driver = driver as new (...services: unknown[]) => T;
  // Decorators are for compilers; a list of tokens is not.
  if (driver.inject !== undefined) return new Driver(...driver.inject.map((token) => scope.resolve(token)));
  return scope.resolve<T>(Driver);
}
