import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { type DriverDefinition, type DriverServices, instantiate, type ScopedDriver } from '@shiplog/driver-kit';
import type { InstalledPlugin } from './find-plugins.ts';

/** The kernel port, and the URL of the module it is from: isolated plugins make one of their own. */
export interface KernelPort {
  readonly scoped: ScopedDriver<'kernel'>;
  readonly module: string;
}

/** The kernel port comes before all else: every other driver is handed it. Throws DRIVER_NOT_FOUND. */
export function makeKernelPort(plugins: readonly InstalledPlugin[], services: Omit<DriverServices, 'kernel'>): KernelPort {
  for (const { definition, module } of plugins) {
    for (const driver of definition?.drivers ?? []) {
      if (driver.manifest.kind === 'kernel' && module !== undefined)
        return { scoped: instantiate(driver as DriverDefinition<'kernel'>, { ...services, kernel: NO_KERNEL }), module };
    }
  }
  throw new ShiplogError('DRIVER_NOT_FOUND', 'no plugin provides the kernel port; add @shiplog/kernel-linux', { kind: 'kernel' });
}

/** What the kernel port itself is handed in place of one. */
const NO_KERNEL = new Proxy({} as Kernel, {
  get() {
    throw new ShiplogError('INTERNAL', 'the kernel port asked for a kernel port');
  },
});
