import type { Kernel } from '@shiplog/contracts';

/** The port to this host. By name, and not as a dependency: whoever hosts drivers has one. */
export async function realKernel(): Promise<Kernel> {
  const name = '@shiplog/kernel-linux';
  const { createKernel }: { createKernel(): Kernel } = await import(name);
  return createKernel();
}
