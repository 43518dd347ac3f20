import 'reflect-metadata';
import { container, type DependencyContainer } from 'tsyringe';
import type { DriverFamilies, DriverKind } from '@shiplog/contracts';
import type { DriverDefinition } from './define-plugin.ts';
import { type DriverServices, HOME, KERNEL, LOG, LOGGER, OPTIONS } from './services.ts';

/** A driver with the container that made it. `dispose` ends what the driver holds, if it holds anything. */
export interface ScopedDriver<K extends DriverKind> {
  readonly driver: DriverFamilies[K];
  dispose(): Promise<void>;
}

/** Constructs a driver in a child container of its own, with `services` and nothing else to inject. */
export function instantiate<K extends DriverKind>(definition: DriverDefinition<K>, services: DriverServices): ScopedDriver<K> {
  const scope: DependencyContainer = container.createChildContainer();
  scope.register(KERNEL, { useValue: services.kernel });
  scope.register(HOME, { useValue: services.home });
  scope.register(OPTIONS, { useValue: services.options });
  scope.register(LOGGER, { useValue: services.logger });
  scope.register(LOG, { useValue: services.log });
  const driver = scope.resolve<DriverFamilies[K]>(definition.driver as new (...services: unknown[]) => DriverFamilies[K]);
  return {
    driver,
    async dispose() {
      const end = (driver as Partial<AsyncDisposable>)[Symbol.asyncDispose];
      if (end !== undefined) await end.call(driver);
      await scope.dispose();
    },
  };
}
