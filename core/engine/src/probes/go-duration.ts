/** Milliseconds as Go prints a duration (time.Duration.String): `1m30s`, `1.5s`, `250ms`. Clients know Docker's messages with it. */
export function goDuration(ms: number): string {
  if (ms < 1000) return `${plain(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${plain((ms % 60_000) / 1000)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** Up to nanoseconds, without zeros at the end. */
function plain(number: number): string {
  return String(Number(number.toFixed(9)));
}
