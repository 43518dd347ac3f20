import { findProgram } from '@shiplog/conmon';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { createDriver, PROGRAM } from './driver.ts';

export default definePlugin({
  manifest: { name: '__NAME__', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: __MANIFEST__,
      create: createDriver,
      async probe() {
        for (const program of ['conmon', PROGRAM])
          if ((await findProgram(program)) === undefined)
            return { usable: false, reason: `${program} is not installed (apt-get install ${program})` };
        return { usable: true };
      },
    }),
  ],
});
