// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Several captures at once, one after another, each of which records until it is stopped; all of it
// until somebody kills the process. The store is down while there is a file that says so.
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { FileStore } from '../../../src/storage/file-store'
import { recordItems, startSpooling } from '../../support/spool'
import { createSwitchedStore } from '../../support/stores/switched-store'

const [storeFolder, downFile, spoolFolder, prefix, atOnce] = process.argv.slice(2)

async function captureForEver(name: string): Promise<never> {
  for (let life = 0; ; life++) {
    const store = createSwitchedStore(new FileStore(storeFolder), () => existsSync(downFile))
    const capture = startSpooling(store, spoolFolder, `${name}.${life}`, {
      maxQueueBytes: 16 * 1024,
      flushIntervalMillis: 20,
      stopTimeoutMillis: 200,
    })
    const endMillis = Date.now() + 100 + Math.random() * 900
    for (let step = 0; Date.now() < endMillis; step++) {
      recordItems(capture, `${name}.${life}-${step}`, 3, 10)
      await sleep(15)
    }
    await capture.stop()
  }
}

for (let capture = 0; capture < Number(atOnce); capture++) {
  captureForEver(`${prefix}-${capture}`).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  })
}
process.send?.('begun')
