// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SPAN_SEMANTICS } from './stored-tables'

/** What users ask, by name; `sessions` beside them is made when a query is opened. */
export type ViewName =
  'spans' | 'span_events' | 'span_links' | 'logs' | 'metric_points' | 'exemplars'

interface ViewColumn {
  readonly name: string
  /** Of the row (`t`) and its source (`s`). */
  readonly sql: string
}

function own(...names: string[]): ViewColumn[] {
  return names.map((name) => ({ name, sql: `t."${name}"` }))
}

function ofSource(...names: string[]): ViewColumn[] {
  return names.map((name) => ({ name, sql: `s."${name}"` }))
}

/** What is absent counts as this: it is not written a million times. */
function orElse(value: string, ...names: string[]): ViewColumn[] {
  return names.map((name) => ({ name, sql: `coalesce(t."${name}", ${value})` }))
}

/** A time that is set, and not behind the year 2262, where a TIMESTAMP_NS ends. */
function timestamp(nanos: string): string {
  return `CASE WHEN ${nanos} > 0 AND ${nanos} < 9223372036854775807 THEN make_timestamp_ns(${nanos}::BIGINT) END`
}

function time(name: string): ViewColumn {
  return { name, sql: timestamp(`t."${name}_unix_nano"`) }
}

const DURATION_NANOS =
  '(try_cast(t.end_time_unix_nano AS BIGINT) - try_cast(t.start_time_unix_nano AS BIGINT))'

const SERVICE = ofSource(
  'service_name',
  'service_namespace',
  'service_version',
  'service_instance_id',
  'deployment_environment',
  'host_name',
)

const SOURCE = ofSource('resource_attributes', 'scope_name', 'scope_version', 'scope_attributes')

/** The columns of each view, in order, but for `session_id`, which is the first of all of them. */
export const VIEW_COLUMNS: Readonly<Record<ViewName, readonly ViewColumn[]>> = Object.freeze({
  spans: [
    ...own('trace_id', 'span_id', 'parent_span_id', 'name', 'kind', 'status_code'),
    ...own('status_message'),
    time('start_time'),
    time('end_time'),
    { name: 'duration_millis', sql: `${DURATION_NANOS} / 1e6` },
    { name: 'duration_nanos', sql: DURATION_NANOS },
    ...own('start_time_unix_nano', 'end_time_unix_nano'),
    ...SERVICE,
    ...own('exception_type', 'exception_message', ...Object.keys(SPAN_SEMANTICS)),
    ...own('attributes'),
    ...SOURCE,
    ...own('trace_state'),
    ...orElse('0', 'event_count', 'link_count', 'dropped_attributes_count'),
    ...orElse('0', 'dropped_events_count', 'dropped_links_count'),
  ],
  span_events: [
    ...own('trace_id', 'span_id', 'span_name', 'name'),
    time('time'),
    ...own('time_unix_nano', 'exception_type', 'exception_message', 'attributes'),
    ...SERVICE,
    ...SOURCE,
    ...orElse('0', 'dropped_attributes_count'),
  ],
  span_links: [
    ...own('trace_id', 'span_id', 'linked_trace_id', 'linked_span_id', 'linked_trace_state'),
    ...own('attributes'),
    ...SERVICE,
    ...SOURCE,
    ...orElse('0', 'dropped_attributes_count'),
  ],
  logs: [
    // As OpenTelemetry advises: when it was seen, where nobody said when it was.
    {
      name: 'time',
      sql: timestamp('coalesce(nullif(t.time_unix_nano, 0), t.observed_time_unix_nano)'),
    },
    ...orElse('0', 'severity_number'),
    ...own('severity_text', 'body', 'event_name', 'trace_id', 'span_id'),
    ...SERVICE,
    ...own('exception_type', 'exception_message', 'attributes'),
    ...SOURCE,
    time('observed_time'),
    ...own('time_unix_nano', 'observed_time_unix_nano'),
    ...orElse('0', 'dropped_attributes_count'),
  ],
  metric_points: [
    ...own('metric_name', 'kind', 'unit', 'description', 'temporality', 'is_monotonic'),
    time('time'),
    time('start_time'),
    ...own('value', 'value_int', 'count', 'sum', 'min', 'max', 'bucket_bounds', 'bucket_counts'),
    ...own('scale', 'zero_count', 'zero_threshold', 'positive_offset', 'positive_counts'),
    ...own('negative_offset', 'negative_counts', 'quantiles', 'attributes'),
    ...SERVICE,
    ...SOURCE,
    ...own('time_unix_nano', 'start_time_unix_nano', 'point_id'),
    ...orElse('0', 'flags'),
  ],
  exemplars: [
    ...own('metric_name'),
    time('time'),
    ...own('value', 'value_int', 'trace_id', 'span_id', 'attributes'),
    ...SERVICE,
    ...SOURCE,
    ...own('time_unix_nano', 'point_id'),
  ],
})

export const VIEW_NAMES = Object.freeze(Object.keys(VIEW_COLUMNS) as ViewName[])

/** A database that is attached, and whose session it is. */
export interface AttachedSession {
  readonly catalog: string
  readonly sessionId: string
}

/** One view over the tables of all these sessions. */
export function createViewSql(view: ViewName, sessions: readonly AttachedSession[]): string {
  const columns = VIEW_COLUMNS[view].map(({ name, sql }) => `${sql} AS "${name}"`).join(', ')
  const selects = sessions.map(
    ({ catalog, sessionId }) =>
      `SELECT ${quoted(sessionId)} AS session_id, ${columns} ` +
      `FROM ${catalog}.${view} t JOIN ${catalog}.sources s USING (source_id)`,
  )
  return `CREATE VIEW ${view} AS ${selects.join(' UNION ALL ')}`
}

/** Text as SQL writes it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
