// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** The S3 server that this run of Jest tests against. */
export interface TestServer {
  readonly kind: 'given' | 'minio' | 'in-process'
  /** For the line that says what is tested against. */
  readonly description: string
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
  stop(): Promise<void>
}

const VARIABLES = {
  kind: 'OTEL_TAPE_TEST_S3_KIND',
  endpoint: 'OTEL_TAPE_TEST_S3_ENDPOINT',
  accessKey: 'OTEL_TAPE_TEST_S3_ACCESS_KEY',
  secretKey: 'OTEL_TAPE_TEST_S3_SECRET_KEY',
  region: 'OTEL_TAPE_TEST_S3_REGION',
} as const

/** Tells it to the workers, which inherit the environment of the process that starts them. */
export function publishTestServer(server: TestServer): void {
  for (const [field, variable] of Object.entries(VARIABLES)) {
    process.env[variable] = server[field as keyof typeof VARIABLES]
  }
}

/** The server that `globalSetup` has started, for a worker. */
export function testServer(): Omit<TestServer, 'stop' | 'description'> {
  const read = (field: keyof typeof VARIABLES) => {
    const value = process.env[VARIABLES[field]]
    if (value) return value
    throw new Error(`${VARIABLES[field]} is not set: run the tests with test/jest.config.json`)
  }
  return {
    kind: read('kind') as TestServer['kind'],
    endpoint: read('endpoint'),
    accessKey: read('accessKey'),
    secretKey: read('secretKey'),
    region: read('region'),
  }
}
