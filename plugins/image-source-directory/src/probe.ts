import { stat } from 'node:fs/promises';
import type { Probe } from '@shiplog/contracts';
import type { DriverServices } from '@shiplog/driver-kit';

/** Is there a directory where the option `path` says? */
export async function probeDirectory({ options }: Pick<DriverServices, 'options'>): Promise<Probe> {
  const { path } = options;
  if (path === undefined || path === '')
    return no('no directory is set; put one into the config file: driverOptions, "image-source/directory", path');
  if (!path.startsWith('/')) return no(`path must be absolute, not ${JSON.stringify(path)}`);
  try {
    return (await stat(path)).isDirectory() ? { usable: true } : no(`${path} is no directory`);
  } catch (error) {
    return no(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function no(reason: string): Probe {
  return { usable: false, reason };
}
