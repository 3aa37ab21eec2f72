// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { QueryErrorReason } from '../../../../src/query/query-error'

/** What a `QueryError` of that reason equals, whatever it says. */
export function withReason(reason: QueryErrorReason): Error {
  // An asymmetric matcher, which Jest types as any.
  return expect.objectContaining({ name: 'QueryError', reason }) as Error
}
