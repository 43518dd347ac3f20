import { defineOptions } from '../verb.ts';

/** How a container's health is checked, in place of what its image says. */
export const HEALTH_OPTIONS = defineOptions({
  'health-cmd': { type: 'text', value: 'COMMAND', help: 'Run in it by a shell to see whether it is well: 0 says so' },
  'health-interval': { type: 'text', value: 'DURATION', help: 'Time between two checks, such as 1m30s' },
  'health-timeout': { type: 'text', value: 'DURATION', help: 'Time that a check may take' },
  'health-retries': { type: 'text', value: 'N', help: 'Failures in a row that make it unhealthy' },
  'health-start-period': { type: 'text', value: 'DURATION', help: 'Time to start in: failures do not count' },
  'health-start-interval': { type: 'text', value: 'DURATION', help: 'Time between two checks while it starts' },
  'no-healthcheck': { type: 'switch', help: "Run no health check, the image's neither" },
});
