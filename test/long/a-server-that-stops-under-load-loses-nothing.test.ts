// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { describeAccounts, expectNothingLost, recordThrough } from '../faults/minio-under-load'
import type { Interruption } from '../faults/minio-under-load'
import { buildMinio, findMinio } from '../support/s3/minio-binary'
import { startMinio } from '../support/s3/minio-server'

// Takes about four minutes: some seven seconds a round.

const ROUNDS = Number(process.env.OTEL_TAPE_TEST_ROUNDS ?? 30)
const LONGEST_DOWN_MILLIS = 8_000
const LONGEST_UP_MILLIS = 4_000

test(`what was acknowledged is stored once, through ${ROUNDS} stops and kills`, async () => {
  const binary = (await findMinio()) ?? (await buildMinio())
  if (binary === undefined) throw new Error('put minio or go on the PATH')
  const minio = await startMinio(binary)
  try {
    const interruptions = Array.from({ length: ROUNDS }, (_, round): Interruption => ({
      how: round % 2 === 0 ? 'SIGSTOP' : 'SIGKILL',
      downMillis: Math.random() * LONGEST_DOWN_MILLIS,
      upMillis: Math.random() * LONGEST_UP_MILLIS,
    }))
    const accounts = await recordThrough(minio, interruptions)
    process.stderr.write(`${ROUNDS} rounds\n${describeAccounts(accounts)}`)
    expectNothingLost(accounts)
  } finally {
    await minio.stop()
  }
})
