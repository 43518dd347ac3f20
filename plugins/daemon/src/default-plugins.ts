import type { ModuleLoader } from '@shiplog/plugin-host';

/** Finds plugins where the daemon's own packages are. */
export const MODULES: ModuleLoader = { resolve: (specifier) => import.meta.resolve(specifier), import: (url) => import(url) };

/** What an engine is made of unless the operator adds more. */
export const DEFAULT_PLUGINS: readonly string[] = [
  '@shiplog/kernel-linux',
  '@shiplog/storage-overlay',
  '@shiplog/storage-btrfs',
  '@shiplog/storage-vfs',
  '@shiplog/network-bridge',
  '@shiplog/network-cni',
  '@shiplog/network-host',
  '@shiplog/network-ipvlan',
  '@shiplog/network-macvlan',
  '@shiplog/network-none',
  '@shiplog/cgroup-v1',
  '@shiplog/cgroup-v2',
  '@shiplog/runtime-oci',
  '@shiplog/runtime-lxc',
  '@shiplog/log-k8s-file',
  '@shiplog/log-file',
  '@shiplog/log-none',
  '@shiplog/log-syslog',
  '@shiplog/log-fluentd',
  '@shiplog/log-journald',
  '@shiplog/image-source-directory',
  '@shiplog/image-source-registry',
  '@shiplog/image-store',
  '@shiplog/vault-file',
  '@shiplog/name-server',
  '@shiplog/container-files',
  '@shiplog/builder',
  '@shiplog/volume-local',
  '@shiplog/api-tlog',
  '@shiplog/volume-plugin',
  '@shiplog/api-native',
  '@shiplog/api-docker',
];
