import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';

/** A device as the OCI runtime-spec has it, with the rule that allows it. */
export interface OciDevice {
  readonly node: {
    readonly path: string;
    readonly type: 'c' | 'b';
    readonly major: number;
    readonly minor: number;
    readonly fileMode: number;
    readonly uid: number;
    readonly gid: number;
  };
  readonly rule: {
    readonly allow: true;
    readonly type: 'c' | 'b';
    readonly major: number;
    readonly minor: number;
    readonly access: string;
  };
}

/** Looks up a host device's numbers; a directory stands for all devices in it. Throws SPEC_INVALID for what is neither. */
export async function ociDevices(hostPath: string, containerPath: string, access: string): Promise<readonly OciDevice[]> {
  const found = await stat(hostPath).catch((error: NodeJS.ErrnoException) => {
    throw new ShiplogError(
      'SPEC_INVALID',
      `error gathering device information while adding custom device "${hostPath}": ${error.code === 'ENOENT' ? 'no such file or directory' : error.message}`,
      {
        path: hostPath,
      },
    );
  });
  if (found.isDirectory()) {
    const inside = await Promise.all(
      (await readdir(hostPath)).map((name) => ociDevices(join(hostPath, name), join(containerPath, name), access).catch(() => [])),
    );
    return inside.flat();
  }
  const type = found.isCharacterDevice() ? 'c' : found.isBlockDevice() ? 'b' : undefined;
  if (type === undefined) throw new ShiplogError('SPEC_INVALID', `"${hostPath}" is not a device node`, { path: hostPath });
  const { major, minor } = deviceNumbers(found.rdev);
  return [
    {
      node: { path: containerPath, type, major, minor, fileMode: found.mode & 0o777, uid: found.uid, gid: found.gid },
      rule: { allow: true, type, major, minor, access },
    },
  ];
}

/** Takes a device number apart. makedev(3): 12 low bits of the major at 8, 8 low bits of the minor at 0, 12 more of it at 20. */
export function deviceNumbers(rdev: number): { readonly major: number; readonly minor: number } {
  // Beyond 32 bits only arithmetic is exact, not bit operations.
  return { major: ((rdev >> 8) & 0xfff) | (Math.floor(rdev / 2 ** 32) & 0xfffff000), minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) };
}
