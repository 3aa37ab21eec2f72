// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { callback, checkOptions, withoutUndefined } from '../../options/check-options'
import type { Damage } from '../../session/damage'
import { QueryError } from '../query-error'
import { sessionOptions } from '../session-options'
import type { IngestProgress, IngestSessionOptions } from './trace-index'

const entries = {
  ...sessionOptions,
  onProgress: v.optional(callback<(progress: IngestProgress) => void>()),
  onDamage: v.optional(callback<(damage: Damage) => void>()),
  signal: v.instance(AbortSignal, 'an AbortSignal'),
}

/** Throws `QueryError` of reason `InvalidConfig`. */
export function checkIngestSession(
  options: IngestSessionOptions & { signal: AbortSignal },
): Omit<IngestSessionOptions, 'signal'> & { signal: AbortSignal } {
  return checkOptions(
    entries,
    withoutUndefined(options),
    (complaint) => new QueryError('InvalidConfig', `ingestSession: ${complaint}`),
  )
}
