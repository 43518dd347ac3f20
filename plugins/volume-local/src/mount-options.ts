import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ShiplogError } from '@shiplog/contracts';

type Options = { readonly [option: string]: string };

/** Docker's options of its `local` driver, and which others each one needs. */
const NEEDS: { readonly [option: string]: readonly string[] } = { type: ['device'], device: ['type'], o: ['device', 'type'] };

export const LOCAL_OPTIONS = {
  type: { doc: 'File system type, as mount(2) takes it: none (with o=bind), tmpfs, ext4, nfs, …' },
  device: { doc: 'What to mount.' },
  o: { doc: 'Mount options, comma-separated.', secret: true },
};

/** Throws SPEC_INVALID, in Docker's words. */
export function checkOptions(options: Options): void {
  for (const option of Object.keys(options)) {
    if (option === 'size') throw invalid('quota size requested but no quota support');
    if (NEEDS[option] === undefined) throw invalid(`invalid option: "${option}"`);
  }
  for (const [option, needed] of Object.entries(NEEDS)) {
    if (options[option] === undefined) continue;
    for (const one of needed) if (options[one] === undefined) throw invalid(`missing required option: "${one}"`);
  }
}

/** What to mount for these options; undefined for a plain directory. The server's name in `addr=` becomes its address: the kernel looks up none. */
export async function mountOf(
  options: Options,
): Promise<{ readonly type: string; readonly source: string; readonly options: readonly string[] } | undefined> {
  const { type, device, o = '' } = options;
  if (type === undefined || device === undefined) return undefined;
  const words = await Promise.all(
    o
      .split(',')
      .filter((word) => word !== '')
      .map(withAddress),
  );
  return { type: type === 'none' ? '' : type, source: device, options: words };
}

async function withAddress(word: string): Promise<string> {
  const host = /^addr=(.+)$/.exec(word)?.[1];
  if (host === undefined || isIP(host) !== 0) return word;
  try {
    return `addr=${(await lookup(host)).address}`;
  } catch (error) {
    throw new ShiplogError(
      'SPEC_INVALID',
      `error resolving passed in network volume address: ${host} is not known`,
      { host },
      { cause: error },
    );
  }
}

function invalid(message: string): ShiplogError {
  return new ShiplogError('SPEC_INVALID', message);
}
