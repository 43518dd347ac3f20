/** What `firewall.list` answers, as text without what is of the moment: handles and counters. */
export function ruleText(listed: unknown): string {
  return JSON.stringify(listed, (key, value: unknown) => (key === 'handle' || key === 'counter' ? undefined : value));
}
