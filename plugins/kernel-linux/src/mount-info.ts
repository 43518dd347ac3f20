import type { MountInfo } from '@shiplog/contracts';

/** One field of mountinfo: space, tab, newline and backslash stand as three octal digits (proc(5)). */
function unescape(field: string): string {
  if (!field.includes('\\')) return field;
  // The file is UTF-8 of arbitrary bytes; only these four are ever escaped.
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Reads /proc/<pid>/mountinfo (proc(5)). Lines it cannot read are left out. */
export function parseMountInfo(text: string): readonly MountInfo[] {
  const mounts: MountInfo[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    const [id, parent, device, root, target, options] = fields;
    if (dash === -1 || id === undefined || parent === undefined || device === undefined) continue;
    const [type = '', source = '', superOptions = ''] = fields.slice(dash + 1);
    const [major, minor] = device.split(':');
    mounts.push({
      id: Number(id),
      parent: Number(parent),
      major: Number(major),
      minor: Number(minor),
      root: unescape(root ?? ''),
      target: unescape(target ?? ''),
      type: unescape(type),
      source: unescape(source),
      options: (options ?? '').split(','),
      superOptions: unescape(superOptions).split(','),
      propagation: fields.slice(6, dash),
    });
  }
  return mounts;
}
