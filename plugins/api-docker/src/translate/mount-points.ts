import type { ContainerSpec, MountSpec, StateView } from '@shiplog/contracts';

/** Docker's MountPoint list. */
export function mountPoints(spec: ContainerSpec, view: StateView): readonly object[] {
  return spec.mounts.map((mount) => {
    const base = { Destination: mount.target, Mode: mode(mount), RW: !mount.readOnly };
    switch (mount.type) {
      case 'bind':
        return { Type: 'bind', Source: mount.source, ...base, Propagation: mount.propagation ?? 'rprivate' };
      case 'volume': {
        const volume = view.volumes.get(mount.source);
        return {
          Type: 'volume',
          Name: mount.source,
          Source: volume?.mountpoint ?? '',
          Driver: volume?.driver ?? 'local',
          ...base,
          Propagation: '',
        };
      }
      case 'tmpfs':
        return { Type: 'tmpfs', Source: '', ...base, Propagation: '' };
    }
  });
}

function mode(mount: MountSpec): string {
  return mount.type === 'tmpfs' || !mount.readOnly ? '' : 'ro';
}

/**
 * The mounts as HostConfig fields. A bind whose source is made when missing came as `-v`, one that is not came as
 * `--mount`; named volumes are given as binds, which mean the same.
 */
export function mountFields(spec: ContainerSpec): {
  readonly Binds: readonly string[] | null;
  readonly Mounts?: readonly object[];
  readonly Tmpfs?: { readonly [target: string]: string };
} {
  const binds: string[] = [];
  const mounts: object[] = [];
  const tmpfs: { [target: string]: string } = {};
  for (const mount of spec.mounts) {
    if (mount.type === 'bind' && mount.createSource !== true) {
      mounts.push({
        Type: 'bind',
        Source: mount.source,
        Target: mount.target,
        ...(mount.readOnly ? { ReadOnly: true } : {}),
        ...(mount.propagation === undefined ? {} : { BindOptions: { Propagation: mount.propagation } }),
      });
    } else if (mount.type === 'bind') {
      binds.push(bind(mount.source, mount.target, [mount.readOnly ? 'ro' : '', mount.propagation ?? '']));
    } else if (mount.type === 'volume' && mount.anonymous !== true) {
      binds.push(bind(mount.source, mount.target, [mount.readOnly ? 'ro' : '', mount.noCopy === true ? 'nocopy' : '']));
    } else if (mount.type === 'tmpfs' && mount.options !== undefined) {
      tmpfs[mount.target] = tmpfsText(mount);
    } else if (mount.type === 'tmpfs') {
      const options = {
        ...(mount.sizeBytes === undefined ? {} : { SizeBytes: mount.sizeBytes }),
        ...(mount.mode === undefined ? {} : { Mode: mount.mode }),
      };
      mounts.push({ Type: 'tmpfs', Target: mount.target, ...(mount.readOnly ? { ReadOnly: true } : {}), TmpfsOptions: options });
    }
  }
  return {
    Binds: binds.length === 0 ? null : binds,
    ...(mounts.length === 0 ? {} : { Mounts: mounts }),
    ...(Object.keys(tmpfs).length === 0 ? {} : { Tmpfs: tmpfs }),
  };
}

/** Targets of anonymous volumes: Config.Volumes. */
export function anonymousTargets(spec: ContainerSpec): readonly string[] {
  return spec.mounts.filter((mount) => mount.type === 'volume' && mount.anonymous === true).map(({ target }) => target);
}

function bind(source: string, target: string, options: readonly string[]): string {
  const words = options.filter((word) => word !== '');
  return words.length === 0 ? `${source}:${target}` : `${source}:${target}:${words.join(',')}`;
}

function tmpfsText(mount: Extract<MountSpec, { type: 'tmpfs' }>): string {
  return [
    ...(mount.readOnly ? ['ro'] : []),
    ...(mount.options ?? []),
    ...(mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`]),
    ...(mount.mode === undefined ? [] : [`mode=${mount.mode.toString(8)}`]),
  ].join(',');
}
