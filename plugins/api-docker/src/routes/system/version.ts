import { release } from 'node:os';
import type { Exchange } from '../../http/exchange.ts';
import { goArchitecture } from '../../http/headers.ts';
import { json } from '../../http/reply.ts';
import { API_VERSION, MIN_API_VERSION } from '../../http/version.ts';

/** `GET /version`. */
export async function version({ engine, response }: Exchange): Promise<void> {
  const info = await engine.info();
  const details = {
    ApiVersion: API_VERSION,
    MinAPIVersion: MIN_API_VERSION,
    Os: 'linux',
    Arch: goArchitecture(),
    KernelVersion: release(),
    Experimental: 'false',
    GitCommit: '',
    GoVersion: '',
    BuildTime: '',
  };
  json(response, 200, {
    Platform: { Name: 'Shiplog' },
    Components: [
      { Name: 'Engine', Version: info.version, Details: details },
      { Name: 'node', Version: process.versions.node, Details: {} },
      { Name: info.runtime, Version: '', Details: {} },
    ],
    Version: info.version,
    ...details,
    Experimental: false,
  });
}
