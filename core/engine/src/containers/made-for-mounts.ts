/** What runtimes make in a root file system to mount on, where the image does not have it; nobody's change. */
export const MADE_FOR_MOUNTS = ['/proc', '/sys', '/dev', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf'] as const;
