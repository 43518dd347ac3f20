import { readFile, stat } from 'node:fs/promises';
import { arch, hostname } from 'node:os';
import type { Kernel } from '@shiplog/contracts';
import { errnoOf, treeUsage } from '@shiplog/driver-kit';
import type { HostFacts } from '@shiplog/engine';
import { routedSubnets } from './routed-subnets.ts';
import { hostUsage, trafficOf } from './host-usage.ts';

/** Go's names of architectures, which OCI uses. */
const ARCHITECTURES: { readonly [node: string]: string } = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: '386',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
};

export function hostFacts(kernel: Kernel): HostFacts {
  return {
    hostname: hostname(),
    bootId: kernel.processes.bootId(),
    architecture: ARCHITECTURES[arch()] ?? arch(),
    // A host without the file has no name service, and neither have its containers.
    resolvConf: () => readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
    // Without IPv4 there is no such file, and nothing to keep clear of.
    subnets: async () => routedSubnets(await readFile('/proc/net/route', 'utf8').catch(() => '')),
    usage: async () => hostUsage(await readFile('/proc/stat', 'utf8'), await readFile('/proc/meminfo', 'utf8')),
    treeBytes: async (path, signal) => (await treeUsage(kernel, path, signal).catch(nothingThere)).bytes,
    exists: (path) =>
      stat(path).then(
        () => true,
        (error: unknown) => {
          if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return false;
          throw error;
        },
      ),
    // It may have ended since.
    traffic: async (pid) => trafficOf(await readFile(`/proc/${pid}/net/dev`, 'utf8').catch(() => '')),
  };
}

function nothingThere(error: unknown): { readonly bytes: number } {
  if (errnoOf(error) === 'ENOENT') return { bytes: 0 };
  throw error;
}
