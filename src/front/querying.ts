// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What asks sessions that are stored.

export { recentSpans, type RecentSpan, type RecentSpansOptions } from '../query/recent-spans'
export { QueryError, type QueryErrorReason } from '../query/query-error'
