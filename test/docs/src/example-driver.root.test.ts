import { built } from './repository.ts';

// The example of docs/drivers.md brings its own proof; it is run here because examples are no tests.
await import(built('examples/storage-driver/dist/copy-driver.root.test.js'));
