// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Records a session of spans into a temporary folder, in a process of its own: what it takes
// in memory is not the memory of whoever replays it.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requestMaker } from './bench-requests.mjs'
import { requireDist } from './harness.mjs'

const SESSION_ID = 'bench'
/** Requests between two flushes: fewer than a capture may hold in memory. */
const FLUSH_BYTES = 16 * 1024 * 1024

/**
 * Calls `work` with the folder and the id of a session of that many spans, and removes it then.
 * Every span has ids of its own.
 */
export async function withSession({ dist, spans, spansPerBatch }, work) {
  const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
  try {
    const parameters = [folder, dist, String(spans), String(spansPerBatch)]
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), 'record', ...parameters], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    return await work({ store: folder, sessionId: SESSION_ID })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function record([store, dist, spans, spansPerBatch]) {
  const capture = requireDist({ dist }).startCapture({ store, sessionId: SESSION_ID, maxSizeMB: 0 })
  const makeRequest = requestMaker(Number(spansPerBatch))
  let unflushedBytes = 0
  for (let left = Number(spans); left > 0; left -= Number(spansPerBatch)) {
    const request = makeRequest()
    await capture.captureOTLPData(request, 'traces')
    unflushedBytes += request.length
    if (unflushedBytes < FLUSH_BYTES) continue
    await capture.flush()
    unflushedBytes = 0
  }
  const { capturedTraces } = await capture.stop()
  if (capturedTraces !== Number(spans)) throw new Error(`captured ${capturedTraces} of ${spans}`)
}

if (process.argv[2] === 'record') await record(process.argv.slice(3))
