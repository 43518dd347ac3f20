import { mkdtemp } from 'node:fs/promises';

/**
 * Makes a temporary directory where engines keep their roots in earnest: beside /var/lib/docker and /var/lib/shiplog. Where
 * ext4 has no inodes left near a crowded /tmp, making a file there takes many times longer, in all columns alike.
 */
export function temporary(what: string): Promise<string> {
  return mkdtemp(`/var/lib/bench-${what}-`);
}
