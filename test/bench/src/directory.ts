import { mkdtemp } from 'node:fs/promises';

/**
 * Makes a temporary directory where engines keep their roots in earnest: beside /var/lib/docker and /var/lib/shiplog. Where
 * ext4 has no inodes left near a crowded /tmp, making a file there takes many times longer, in all columns alike.
 */
export function temporary(what: string): Promise<string> {
  return mkdtemp(`/var/lib/bench-${what}-`);
}

/** Makes a directory for what lies in /run on a host where that is the tmpfs that it should be, for every contender alike. */
export function temporaryRun(what: string): Promise<string> {
  return mkdtemp(`/dev/shm/bench-${what}-`);
}
