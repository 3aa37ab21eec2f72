// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What asks sessions that are stored.

export { recentSpans, type RecentSpan, type RecentSpansOptions } from '../query/recent-spans'
export { QueryError, type QueryErrorReason } from '../query/query-error'

export {
  openQuery,
  type OpenQueryOptions,
  type Query,
  type QueryColumn,
  type QueryProgress,
  type QueryResult,
  type QueryRow,
  type QueryStream,
  type QueryValue,
  type RunOptions,
  type RunWithLimitOptions,
} from '../query/sql/open-query'

export { createTraceIndex } from '../query/search/create-trace-index'
export type { TraceIndexOptions } from '../query/search/trace-index-config'
export type {
  IngestBatchResult,
  IngestFailure,
  IngestedTrace,
} from '../query/search/trace-ingester'
export type { IndexedEvent, IndexedSpan } from '../query/search/indexed-trace'
export type { EmbeddingStatus } from '../query/search/trace-vectors'
export type {
  IngestOptions,
  IngestProgress,
  IngestSessionOptions,
  IngestSessionResult,
  IndexedTrace,
  SearchOptions,
  TraceIndex,
  TraceIndexStatus,
} from '../query/search/trace-index'
export type {
  AttributesInput,
  EventInput,
  SpanInput,
  TimeInput,
  TraceInput,
} from '../query/search/trace-input'
export type { TraceMatch, TraceSearchResult } from '../query/search/search-result'
export type { Embedder, EmbedOptions } from '../query/search/vectors/embedder'
export {
  createCachingEmbedder,
  type CachingEmbedderOptions,
} from '../query/search/vectors/caching-embedder'
export {
  createMiniLmEmbedder,
  type MiniLmEmbedder,
  type MiniLmEmbedderOptions,
} from '../query/search/vectors/minilm-embedder'

export { analyzeSession } from '../query/analysis/analyze-session'
export type { AnalysisProgress, AnalyzeOptions } from '../query/analysis/analyze-options'
export type {
  AnalysisTotals,
  SessionAnalysis,
  TraceSummary,
} from '../query/analysis/session-analysis'
export type {
  ServiceGraph,
  ServiceGraphEdge,
  ServiceGraphNode,
} from '../query/analysis/service-graph'
export { graphToDot } from '../query/analysis/report/graph-to-dot'
export { graphToMermaid } from '../query/analysis/report/graph-to-mermaid'
export type { OperationStatistics } from '../query/analysis/operation-statistics'
export type { DurationBucket, DurationStatistics } from '../query/analysis/duration-statistics'
export type { LeftOut, OperationKind } from '../query/analysis/session-model'
export type {
  CalledOperation,
  ChattyCalls,
  NPlusOneCalls,
  PatternFigures,
  PerformancePattern,
  RetriedCalls,
  SequentialCalls,
  SlowFirstCalls,
} from '../query/analysis/patterns/performance-pattern'
export type {
  Anomaly,
  AnomalyEffect,
  AnomalyFigure,
  AnomalyKind,
  AnomalyPlace,
} from '../query/analysis/anomalies/anomaly'
export type {
  ExemplarMetric,
  ExemplarRelations,
  LogPatternRelations,
  ServiceSignals,
  SignalRelations,
  SpanLogRelations,
} from '../query/analysis/signal-relations'
