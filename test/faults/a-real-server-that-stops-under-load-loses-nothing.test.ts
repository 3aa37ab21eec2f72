// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { findMinio } from '../support/s3/minio-binary'
import { startMinio } from '../support/s3/minio-server'
import { expectNothingLost, recordThrough } from './minio-under-load'

// test/long has the same with many rounds.

test('what was acknowledged is stored once, through a stop and a kill', async () => {
  const binary = await findMinio()
  if (binary === undefined) {
    process.stderr.write('No MinIO to stop and start: the fault test with a real one is left out\n')
    return
  }
  const minio = await startMinio(binary)
  try {
    const accounts = await recordThrough(minio, [
      { how: 'SIGSTOP', downMillis: 500, upMillis: 200 },
      { how: 'SIGKILL', downMillis: 300, upMillis: 200 },
    ])
    expectNothingLost(accounts)
  } finally {
    await minio.stop()
  }
}, 60_000)
