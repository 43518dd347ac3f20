'use strict';

/** What dockerode and testcontainers take from ssh2. */
exports.Client = class Client {
  constructor() {
    throw new Error('ssh2 is left out of the tests (test/clients/README.md)');
  }
};
