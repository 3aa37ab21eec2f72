// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SessionModel } from '../session-model'
import { affectedCallers } from './affected-callers'
import type { Anomaly } from './anomaly'
import type { Comparison } from './comparison'
import { describeAnomaly } from './describe-anomaly'
import { findErrorRateShifts } from './error-rate-shifts'
import { findLatencyShifts } from './latency-shifts'
import { findLogBursts } from './log-bursts'
import { findMetricShifts } from './metric-shifts'
import { type RankedAnomaly, rankCauses } from './rank-causes'
import { findRepeatedCalls } from './repeated-calls'
import { ServiceReach } from './service-reach'
import { findStructureChanges } from './structure-changes'
import { gatherTraceFacts } from './trace-facts'

/**
 * What is not as it was in the baseline or, without one, what in some part of the session is not as
 * in the rest of it. Causes come first, the weightiest in front; behind them what they explain.
 *
 * Nothing is found in a session that is the same all the way through, however bad it is, unless
 * there is a better one to compare it with. The unit that is counted is the trace: a session of one
 * endless trace has none to compare.
 *
 * @example
 * const options = { store: openStore('file:./sessions') }
 * const [today, yesterday] = await Promise.all([
 *   readSessionModel({ ...options, sessionId: 'today' }),
 *   readSessionModel({ ...options, sessionId: 'yesterday' }),
 * ])
 * for (const { summary, evidenceTraceIds } of findAnomalies(today, yesterday)) {
 *   console.log(summary, evidenceTraceIds)
 * }
 */
export function findAnomalies(model: SessionModel, baselineModel?: SessionModel): Anomaly[] {
  const session = gatherTraceFacts(model)
  const baseline = baselineModel && gatherTraceFacts(baselineModel)
  const comparison: Comparison = { session, baseline }
  const found = [
    ...findStructureChanges(comparison),
    ...findRepeatedCalls(comparison),
    ...findErrorRateShifts(comparison),
    ...findLatencyShifts(comparison),
    ...findLogBursts(comparison),
    ...findMetricShifts(comparison),
  ]
  const reach = new ServiceReach(baseline ? [session, baseline] : [session])
  return rankCauses(found, reach).map((ranked) => complete(model, ranked))
}

function complete(model: SessionModel, { anomaly, explainedBy }: RankedAnomaly): Anomaly {
  const { fromMillis, toMillis, evidenceTraces, ...rest } = anomaly
  return {
    ...rest,
    fromUnixMillis: model.originUnixMillis + fromMillis,
    toUnixMillis: model.originUnixMillis + toMillis,
    confidence: 1 - anomaly.pValue,
    // Spans without a trace id belong to no trace that could be looked at.
    evidenceTraceIds: evidenceTraces
      .map((trace) => model.traces.idOf(trace))
      .filter((id) => id !== ''),
    affected: affectedCallers(model, anomaly.place, evidenceTraces),
    ...(explainedBy !== undefined && { explainedBy }),
    summary: describeAnomaly(anomaly),
  }
}
