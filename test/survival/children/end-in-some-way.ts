// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app that captures twelve log records, of which seven are flushed, and ends as it is told to.
import { DiagConsoleLogger, DiagLogLevel, diag } from '@opentelemetry/api'
import { startCapture } from '../../../src/capture/start-capture'
import { makeEncoded } from '../../support/recording'

const [store, ending] = process.argv.slice(2)

async function main(): Promise<void> {
  diag.setLogger(new DiagConsoleLogger(), { logLevel: DiagLogLevel.WARN })
  const capture = startCapture({
    ...{ store, sessionId: 'ended', flushIntervalMillis: 3_600_000, stopTimeoutMillis: 1_000 },
  })
  const record = (name: string): void =>
    capture.record('logs', () => makeEncoded('logs', { names: [name] }))
  for (let index = 0; index < 7; index++) record(`flushed ${index}`)
  // Into a store that hangs nothing is flushed.
  await capture.flush().catch(() => undefined)
  for (let index = 0; index < 5; index++) record(`late ${index}`)
  const stop = async (): Promise<void> => {
    const { status, capturedLogs, signals } = await capture.stop()
    const { droppedItems } = signals.logs
    process.stdout.write(`${JSON.stringify({ status, capturedLogs, droppedItems })}\n`)
  }
  switch (ending) {
    case 'exit':
      process.exit(3)

    case 'throw':
      throw new Error('on purpose')
    case 'stop':
      await stop()
      process.exit(3)

    case 'SIGTERM':
      process.once('SIGTERM', () => void stop().then(() => process.exit(3)))
      process.kill(process.pid, 'SIGTERM')
      setInterval(() => undefined, 60_000)
  }
}

// A rejection that nobody catches ends the process as an exception does.
void main()
