// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Records a session of differing spans into a folder, in a process of its own: what that takes
// is not to be seen in whoever reads it.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireDist } from './harness.mjs'
import { variedSpans } from './varied-telemetry.mjs'

const require = createRequire(import.meta.url)

/** Spans made; a larger session has them again, with other ids and later. */
const DISTINCT_SPANS = 20_480
const SPANS_A_BATCH = 512
/** Their times lie within this. */
const COPY_NANOS = 10_000_000_000n

/** Calls `work` with the folder and the id of such a session, and removes it then. */
export async function withVariedSession({ dist, spans }, work) {
  const session = {
    store: mkdtempSync(join(tmpdir(), 'otel-tape-bench-')),
    sessionId: 'bench',
  }
  try {
    recordVariedSession({ dist, spans, ...session })
    return await work(session)
  } finally {
    rmSync(session.store, { recursive: true, force: true })
  }
}

/** Records a session of that many spans, in whole batches, each with ids and times of its own. */
export function recordVariedSession({ dist, store, sessionId, spans }) {
  const parameters = [dist, store, sessionId, String(spans)]
  execFileSync(process.execPath, [fileURLToPath(import.meta.url), 'record', ...parameters], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

async function record([dist, store, sessionId, spans]) {
  const { ProtobufTraceSerializer } = require('@opentelemetry/otlp-transformer')
  const { createIdRewriter } = requireDist({ dist }, 'otlp/id-rewriter.js')
  const { rewriteIds } = requireDist({ dist }, 'otlp/rewrite-ids.js')
  const { shiftTimes } = requireDist({ dist }, 'otlp/shift-times.js')
  const capture = requireDist({ dist }).startCapture({ store, sessionId, maxSizeMB: 0 })
  const made = variedSpans(DISTINCT_SPANS)
  const requests = []
  for (let at = 0; at < made.length; at += SPANS_A_BATCH) {
    requests.push(ProtobufTraceSerializer.serializeRequest(made.slice(at, at + SPANS_A_BATCH)))
  }
  for (let batch = 0; batch * SPANS_A_BATCH < Number(spans); batch++) {
    const copy = Math.floor(batch / requests.length)
    const rewriter = createIdRewriter(`copy ${copy}`)
    const others = rewriteIds(requests[batch % requests.length], 'traces', rewriter)
    await capture.captureOTLPData(
      Buffer.from(shiftTimes(others, 'traces', BigInt(copy) * COPY_NANOS)),
      'traces',
    )
    if (batch % 50 === 0) await capture.flush()
  }
  await capture.stop()
}

if (process.argv[2] === 'record') await record(process.argv.slice(3))
