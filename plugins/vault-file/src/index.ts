import { API_VERSION } from '@shiplog/contracts';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { FileVault } from './file-vault.ts';

export { FileVault } from './file-vault.ts';

export default definePlugin({
  manifest: { name: '@shiplog/vault-file', version: '0.1.0', api: [API_VERSION] },
  drivers: [
    defineDriver({
      manifest: { kind: 'vault', name: 'file', capabilities: {}, needs: {}, doc: 'Keeps each secret in a file that only root can read.' },
      driver: FileVault,
    }),
  ],
});
