// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Nothing but waits on a store that does not answer keeps this script going.
import { startCapture } from '../../../src/capture/start-capture'

const capture = startCapture({ store: 's3://bucket', sessionId: 'down', stopTimeoutMillis: 1500 })
capture
  .stop()
  .then(({ status }) => process.send?.(status))
  .catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exitCode = 1
  })
