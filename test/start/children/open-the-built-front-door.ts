// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Tells which files of the built package each step loads, and what it exports.
import { join, relative, sep } from 'node:path'
import type * as Package from '../../../src/index'

const dist = join(__dirname, '../../../dist')

const rooms = (): string[] =>
  Object.keys(require.cache)
    .map((path) => relative(dist, path).split(sep).join('/'))
    .filter((path) => path.startsWith('front/') && !path.startsWith('front/shared-'))
    .sort()

async function main(): Promise<void> {
  const tape = require(join(dist, 'index.js')) as typeof Package
  const required = rooms()
  const { openStore, startCapture } = tape
  const recording = rooms()
  const capture = startCapture({ store: openStore('memory:'), sessionId: 'start' })
  await capture.ready
  await capture.stop()
  const captured = rooms()
  const replayCause = await tape.listAvailableReplays('ftp://nowhere').catch(causeOf)
  const receiverCause = await tape.createOtlpReceiver({ store: 'ftp://nowhere' }).catch(causeOf)
  process.send?.({
    rooms: { required, recording, captured },
    isStorageError: [replayCause, receiverCause].map((cause) => cause instanceof tape.StorageError),
    names: Object.keys(tape).sort(),
    areSame: Object.entries(tape).every(([name, value]) => Reflect.get(tape, name) === value),
  })
  process.disconnect()
}

const causeOf = (error: unknown): unknown => (error as Error).cause

void main()
