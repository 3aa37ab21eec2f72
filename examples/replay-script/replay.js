// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// node replay.js [session [backend]]: replays a session, or the newest that is completed,
// ten times as fast as it was recorded.
import { listAvailableReplays, startReplay } from 'otel-tape'

const [sessionId = await newestSession(), targetEndpoint = 'http://localhost:4318'] =
  process.argv.slice(2)

const replay = startReplay({
  sessionId,
  targetEndpoint,
  timestampAdjustment: 'relative',
  speedMultiplier: 10,
})
replay.on('progress', ({ processedRecords, totalRecords }) => {
  console.log(`${processedRecords} of ${totalRecords}`)
})
replay.on('rejected', ({ itemCount, signal, message }) => {
  console.error(`${itemCount} ${signal} were refused: ${message}`)
})
process.once('SIGINT', () => replay.cancel())

try {
  const { status, sentRecords, failedRecords } = await replay.finished
  console.log(`${status}: ${sentRecords} sent, ${failedRecords} failed`)
} catch (error) {
  console.error(`${error.reason}: ${error.message}`)
  process.exitCode = 1
}

async function newestSession() {
  const sessions = await listAvailableReplays()
  const newest = sessions.sort((a, b) => (a.startTime < b.startTime ? 1 : -1))[0]
  if (newest) return newest.sessionId
  console.error('there is no completed session: record one first, or set OTEL_TAPE_STORE')
  process.exit(1)
}
