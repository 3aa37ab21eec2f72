// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { selectServer } from '../../support/s3/select-server'
import { publishTestServer } from '../../support/s3/test-server'
import { collectorBinary } from './collector-binary'
import { COLLECTOR_VARIABLE } from './collector'

/** Starts the S3 server of this run and has the Collector ready. */
export default async function globalSetup(): Promise<void> {
  // Before the server: what fails here leaves nothing running.
  const collector = await collectorBinary()
  process.env[COLLECTOR_VARIABLE] = collector ?? ''
  const server = await selectServer(true)
  globalThis.otelTapeTestServer = server
  publishTestServer(server)
  process.stderr.write(`S3 is ${server.description}\nThe Collector is ${collector ?? 'missing'}\n`)
}
