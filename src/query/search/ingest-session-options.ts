// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { callback, checkOptions, expected, withoutUndefined } from '../../options/check-options'
import type { Damage } from '../../session/damage'
import { SESSION_LAYOUTS } from '../../session/session-location'
import { type ObjectStore, isObjectStore } from '../../storage/object-store'
import { QueryError } from '../query-error'
import type { IngestProgress, IngestSessionOptions } from './trace-index'

const entries = {
  store: v.optional(
    expected<ObjectStore | string>(
      'a store or its URL',
      (value) => typeof value === 'string' || isObjectStore(value),
    ),
  ),
  layout: v.optional(v.picklist(SESSION_LAYOUTS, SESSION_LAYOUTS.join(' or '))),
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
