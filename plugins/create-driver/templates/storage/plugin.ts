import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { createDriver } from './driver.ts';

export default definePlugin({
  manifest: { name: '__NAME__', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: __MANIFEST__,
      create: createDriver,
      async probe() {
        return process.geteuid?.() === 0 ? { usable: true } : { usable: false, reason: 'files of other owners can only be made by root' };
      },
    }),
  ],
});
