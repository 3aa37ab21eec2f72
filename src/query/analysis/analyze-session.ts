// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectStore } from '../../storage/object-store'
import { useStore } from '../../storage/use-store'
import { toQueryError } from '../query-error'
import { type AnalysisPlan, type AnalyzeOptions, planAnalysis } from './analyze-options'
import { describeModel } from './describe-model'
import { readSessionModel } from './read-session-model'
import type { SessionAnalysis } from './session-analysis'
import type { SessionModel } from './session-model'

/**
 * Analyses a session: who calls whom, which operations traces wait for, what costs time and
 * might not have to, what is unusual, and how its signals belong together. With a `baseline` it
 * also tells what is different from that session.
 *
 * Reads the session once, in memory that `maxSpans` bounds, whatever it holds. What can't be
 * read is in `damage`.
 *
 * Rejects with `QueryError` of reason `SessionNotFound`, `InvalidConfig`, or `StorageFailure`, also
 * when `signal` fires.
 *
 * @example
 * const { graph, patterns } = await analyzeSession('debug-payment', { store: 'file:.otel-tape' })
 * for (const { from, to, calls, duration } of graph.edges) {
 *   console.log(`${from} -> ${to}: ${calls} calls, p99 ${duration.p99Millis} ms`)
 * }
 * for (const { summary, traceIds } of patterns) console.log(summary, traceIds[0])
 */
export async function analyzeSession(
  sessionId: string,
  options: AnalyzeOptions = {},
): Promise<SessionAnalysis> {
  try {
    const plan = planAnalysis(sessionId, options)
    return await useStore(plan.store, async (store) => {
      const { fromUnixNano, toUnixNano, baseline } = plan
      const model = await readModel(store, sessionId, plan, { fromUnixNano, toUnixNano })
      if (baseline === undefined) return describeModel(model)
      return describeModel(model, await readModel(store, baseline, plan, {}))
    })
  } catch (error) {
    throw toQueryError(error, sessionId)
  }
}

function readModel(
  store: ObjectStore,
  sessionId: string,
  { layout, maxSpans, signal, onProgress }: AnalysisPlan,
  range: Pick<AnalysisPlan, 'fromUnixNano' | 'toUnixNano'>,
): Promise<SessionModel> {
  return readSessionModel({
    store,
    sessionId,
    layout,
    maxSpans,
    signal,
    ...range,
    onProgress: ({ items }) => onProgress?.({ sessionId, items }),
  })
}
