import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Kernel } from '@shiplog/contracts';
import { idDigits } from '@shiplog/driver-kit';
import type { Attachment } from './attachments.ts';

/**
 * Lets `work` delete an attachment in its namespace. When that is gone, in one at `path` that looks like it, with the interface and its address: for want
 * of them, plugins (of containernetworking 1.1) leave rules of the address behind.
 */
export async function inNamespace(
  kernel: Kernel,
  { asked: { id, sandbox, ifName, address } }: Attachment,
  path: string,
  work: (netns: string) => Promise<void>,
): Promise<void> {
  if (sandbox !== undefined && (await kernel.namespaces.isNamespace(sandbox))) return work(sandbox);
  const link = `sc${idDigits(id, 13)}`;
  await mkdir(dirname(path), { recursive: true });
  await kernel.namespaces.createNetwork(path);
  try {
    // One may be left of a time before.
    await kernel.links.remove(link);
    await kernel.links.createVeth(link, { name: ifName, namespace: path, addresses: [address], up: true });
    await work(path);
  } finally {
    await kernel.links.remove(link);
    await kernel.namespaces.removeNetwork(path);
  }
}
