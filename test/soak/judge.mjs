// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const SIGNALS = ['traces', 'metrics', 'logs']
const CAPTURED = { traces: 'capturedTraces', metrics: 'capturedMetrics', logs: 'capturedLogs' }

/** What is wrong with the counts of a round: texts, none if all of them are exact. */
export function judgeRound({ captured, status, inStore, received, target }) {
  const problems = []
  const expectEqual = (what, seen, expected) => {
    if (seen !== expected) problems.push(`${what}: ${seen}, expected ${expected}`)
  }
  const { sessionId, metadata, receivedMetadata } = captured
  expectEqual(`${sessionId} status`, metadata.status, 'completed')
  expectEqual(`${sessionId} received, status`, receivedMetadata.status, 'completed')
  for (const signal of SIGNALS) {
    const dropped = metadata.signals[signal].droppedItems
    const name = `${sessionId} ${signal}`
    expectEqual(`${name}, stored and dropped`, inStore[signal] + dropped, captured.exported[signal])
    expectEqual(`${name}, in the metadata`, metadata[CAPTURED[signal]], inStore[signal])
    expectEqual(`${name}, received`, received[signal], captured.received[signal].items)
    if (received[signal] < captured.acknowledged[signal]) {
      problems.push(
        `${name}: ${captured.acknowledged[signal]} were acknowledged, ${received[signal]} are stored`,
      )
    }
    // Answers may get lost on their way, requests that were not acknowledged are none.
    expectEqual(`${name}, at the target`, target.acknowledged[signal], inStore[signal])
  }
  const total = SIGNALS.reduce((sum, signal) => sum + inStore[signal], 0)
  expectEqual(`${sessionId} replay`, status.status, 'completed')
  expectEqual(`${sessionId} replayed`, status.sentRecords, total)
  return problems
}

/** How much more than in the middle third the last third may have. */
const LIMITS = {
  residentBytes: { share: 1.1, more: 10e6 },
  heapBytes: { share: 1.05, more: 2e6 },
  // Connections that are kept for the next request come and go.
  openFiles: { share: 1, more: 10 },
  activeResources: { share: 1, more: 2 },
  delayP99Millis: { share: 1.5, more: 5 },
}

/** Whether an app feels in the last third of its rounds as it felt in the middle third. */
export function judgeSteadiness(feelings) {
  const third = Math.floor(feelings.length / 3)
  const rows = {}
  const problems = []
  for (const [what, { share, more }] of Object.entries(LIMITS)) {
    const medianOf = (part) => median(part.map((feeling) => feeling[what]))
    const first = medianOf(feelings.slice(0, Math.max(1, third)))
    const middle = medianOf(feelings.slice(third, Math.max(1, feelings.length - third)))
    const last = medianOf(feelings.slice(-Math.max(1, third)))
    const atMost = middle * share + more
    rows[what] = { first, middle, last, atMost }
    if (!(last <= atMost))
      problems.push(`${what} grew: ${middle} in the middle, ${last} at the end`)
  }
  return { rows, problems }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
