// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { FaultKind } from './corpus/fault-kinds'

export const QUERY_CLASSES = ['literal', 'paraphrase', 'typo', 'constrained'] as const

/**
 * - `literal`: the field's own words, which stand in some of the traces
 * - `paraphrase`: what somebody says who has not seen the message
 * - `typo`: either of these, typed in a hurry
 * - `constrained`: a fault and the service it has to be at
 */
export type QueryClass = (typeof QUERY_CLASSES)[number]

export interface LabelledQuery {
  class: QueryClass
  text: string
  kind: FaultKind
  /** The service that has to be in trouble. */
  service?: string
  /** Other faults that answer it just as well. */
  alike?: FaultKind[]
  /** Other faults that whoever asks would like to see as well, though less. */
  related?: FaultKind[]
}

/** What is known of a trace because it was made that way. */
export interface TraceLabel {
  kind: FaultKind
  /** The service at which the fault began and those that felt it, but for the front door. */
  services: string[]
}

/**
 * 2: what was asked for; 1: near it, which is the right fault elsewhere or a related one; 0:
 * anything else.
 */
export function gradeOf(query: LabelledQuery, label: TraceLabel | undefined): 0 | 1 | 2 {
  if (label === undefined) return 0
  const isThere = query.service === undefined || label.services.includes(query.service)
  if (label.kind === query.kind || query.alike?.includes(label.kind)) return isThere ? 2 : 1
  return isThere && query.related?.includes(label.kind) ? 1 : 0
}
