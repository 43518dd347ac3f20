/** The driver families: {@link DriverFamilies} has the interface of each. */
export type DriverKind =
  | 'storage'
  | 'network'
  | 'cgroup'
  | 'runtime'
  | 'volume'
  | 'log'
  | 'authorizer'
  | 'projection'
  | 'image-source'
  | 'image-store'
  | 'vault'
  | 'name-server'
  | 'container-files'
  | 'builder'
  | 'kernel'
  | 'api';
