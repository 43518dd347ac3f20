import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { NativeApi } from './native-api.ts';

export { NativeApi } from './native-api.ts';
export { PREFIX, ROUTES } from './native-handler.ts';

export type { InspectAnswer, InspectRecord } from './inspect.ts';
export type { InspectKind } from './inspect-kinds.ts';
export type { InfoAnswer } from './routes/info.ts';
export type { StateAnswer } from './routes/state.ts';
export type { WhyAnswer } from './routes/why.ts';

export default definePlugin({
  manifest: { name: '@shiplog/api-native', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'api',
        name: 'native',
        capabilities: {},
        needs: {},
        doc: 'Follow the log from a position, inspect at any moment, verify: what the Docker API has no words for.',
      },
      driver: NativeApi,
    }),
  ],
});
