// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { appendFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { SIGNALS } from '../../../src/otlp/signal'
import {
  finishRecovered,
  openWriteAheadFolder,
} from '../../../src/session/on-disk/write-ahead-folder'
import { FileStore } from '../../../src/storage/file-store'
import { makeBatch } from '../../support/recording'
import { createJournaledWriter } from '../../support/write-ahead'

/**
 * A receiver without sockets: recovers, joins the session, and takes batches until
 * it is killed. What it would have acknowledged, it writes down.
 */
async function main([store, folder, acknowledged, prefix]: string[]): Promise<void> {
  const opened = new FileStore(store)
  const { sessionIds } = await openWriteAheadFolder(folder).recover(opened)
  const writer = createJournaledWriter(opened, folder, 'killed', {
    flushIntervalMillis: 10,
    heartbeatMillis: 5_000,
  })
  await writer.ready
  await finishRecovered(opened, sessionIds)
  process.send?.('ready')
  for (let index = 0; ; index++) {
    const name = `${prefix}-${index}`
    const batch = makeBatch(SIGNALS[index % SIGNALS.length], { names: [name] })
    // One line, one write: a kill leaves it whole or not there.
    void writer.write(batch)?.durable.then(() => appendFileSync(acknowledged, `${name}\n`))
    if (index % 20 === 0) await setImmediate()
  }
}

void main(process.argv.slice(2))
