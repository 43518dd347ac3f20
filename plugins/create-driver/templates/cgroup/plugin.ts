import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { createDriver, probe } from './driver.ts';

export default definePlugin({
  manifest: { name: '__NAME__', version: '0.1.0', api: [1] },
  drivers: [defineDriver({ manifest: __MANIFEST__, create: createDriver, probe })],
});
