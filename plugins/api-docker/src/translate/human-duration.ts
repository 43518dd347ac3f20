const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in seconds as `docker ps` says it: roughly, in one unit. */
export function humanDuration(seconds: number): string {
  if (seconds < 1) return 'Less than a second';
  if (seconds < 2) return '1 second';
  if (seconds < MINUTE) return `${Math.floor(seconds)} seconds`;
  if (seconds < 2 * MINUTE) return 'About a minute';
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} minutes`;
  const hours = Math.round(seconds / HOUR);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(seconds / DAY)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(seconds / DAY / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(seconds / DAY / 30)} months`;
  return `${Math.floor(seconds / DAY / 365)} years`;
}
