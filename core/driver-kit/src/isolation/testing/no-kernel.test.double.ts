import { createRecordingKernel } from '../../testing/index.ts';
import { defineDriver, definePlugin } from '../../define-plugin.ts';

/** A kernel port that touches nothing. */
export default definePlugin({
  manifest: { name: 'no-kernel', version: '1.0.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: { kind: 'kernel', name: 'none', capabilities: {}, needs: {}, doc: 'Records.' },
      create: () => createRecordingKernel(),
    }),
  ],
});
