import { type ContainerFiles, ShiplogError } from '@shiplog/contracts';
import type { Act } from './call.ts';

/** Takes every archive in, and has no files to show. */
export function containerFiles(act: Act): ContainerFiles {
  const nothing = (path: string): ShiplogError =>
    new ShiplogError('PATH_NOT_FOUND', `a simulated container has no files: ${path}`, { path });
  return {
    open: async (_, { op }) => ({
      stat: async (path) => Promise.reject(nothing(path)),
      archive: async (path) => Promise.reject(nothing(path)),
      async *export() {},
      extract: (path) => act('extract', path, () => ({ entries: 0, bytes: 0 }), op),
      close: async () => undefined,
    }),
  };
}
