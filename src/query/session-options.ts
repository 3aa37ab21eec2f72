// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { expected } from '../options/check-options'
import { SESSION_LAYOUTS } from '../session/session-location'
import { type ObjectStore, isObjectStore } from '../storage/object-store'

/** The options that say where a session lies, and when to stop asking it, as they are checked. */
export const sessionOptions = Object.freeze({
  store: v.optional(
    expected<ObjectStore | string>(
      'a store or its URL',
      (value) => typeof value === 'string' || isObjectStore(value),
    ),
  ),
  layout: v.optional(v.picklist(SESSION_LAYOUTS, SESSION_LAYOUTS.join(' or '))),
  signal: v.optional(v.instance(AbortSignal, 'an AbortSignal')),
})
