import type { Engine } from '@shiplog/contracts';

/** The default bridge's gateway: the host, as containers reach it. */
export async function hostGateway(engine: Engine): Promise<string> {
  const view = await engine.view();
  return [...view.networks.values()].find(({ name }) => name === 'bridge')?.gateway ?? '';
}
