/** What Docker 20.10.24 answers and this engine does not, by route: a key with all within it. */
export const DOCKER_ALONE: { readonly [route: string]: readonly string[] } = {
  '/info': [
    // Limits of kernel memory went with Linux 5.16.
    'KernelMemory',
    'KernelMemoryTCP',
    // What Docker's own parts should be, and of its own hub.
    'ContainerdCommit.Expected',
    'InitCommit.Expected',
    'RuncCommit.Expected',
    'RegistryConfig.AllowNondistributableArtifactsCIDRs',
    'RegistryConfig.AllowNondistributableArtifactsHostnames',
    'RegistryConfig.IndexConfigs.*',
  ],
  // Mounting volumes is not told.
  '/events': ['Actor.Attributes.destination', 'Actor.Attributes.propagation', 'Actor.Attributes.read/write'],
  '/containers/{id}/json': ['GraphDriver.Data', 'HostConfig.KernelMemory', 'HostConfig.KernelMemoryTCP'],
  // The container that an image was made of is not kept.
  '/images/{name*}/json': ['ContainerConfig', 'GraphDriver.Data'],
};
