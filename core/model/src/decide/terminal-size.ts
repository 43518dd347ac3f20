import { ShiplogError } from '@shiplog/contracts';

/** Refuses REQUEST_INVALID for a size that does not fit the kernel's 16 bits (tty_ioctl(4), struct winsize). */
export function checkTerminalSize(rows: number, columns: number): void {
  for (const [name, value] of [
    ['rows', rows],
    ['columns', columns],
  ] as const) {
    if (!Number.isInteger(value) || value < 0 || value > 65_535) {
      throw new ShiplogError('REQUEST_INVALID', `invalid terminal size: ${name} is ${value}, expected 0 to 65535`, { [name]: value });
    }
  }
}
