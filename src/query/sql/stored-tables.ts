// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Types that a database of ours has, as DuckDB calls them. */
type ColumnType =
  | 'VARCHAR'
  | 'INTEGER'
  | 'BIGINT'
  | 'UBIGINT'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'DOUBLE[]'
  | 'UBIGINT[]'
  | 'MAP(VARCHAR, VARCHAR)'
  | 'STRUCT(quantile DOUBLE, value DOUBLE)[]'

const MAP = 'MAP(VARCHAR, VARCHAR)'

/** Common attributes of spans that have columns of their own; `semantic-columns.ts` fills them. */
export const SPAN_SEMANTICS = Object.freeze({
  http_request_method: 'VARCHAR',
  http_response_status_code: 'INTEGER',
  http_route: 'VARCHAR',
  url_path: 'VARCHAR',
  url_full: 'VARCHAR',
  server_address: 'VARCHAR',
  server_port: 'INTEGER',
  peer_service: 'VARCHAR',
  db_system: 'VARCHAR',
  db_namespace: 'VARCHAR',
  db_operation: 'VARCHAR',
  db_statement: 'VARCHAR',
  rpc_system: 'VARCHAR',
  rpc_service: 'VARCHAR',
  rpc_method: 'VARCHAR',
  messaging_system: 'VARCHAR',
  messaging_destination: 'VARCHAR',
  error_type: 'VARCHAR',
} as const satisfies Record<string, ColumnType>)

/**
 * The tables as they lie in a database file. `source_id` comes first in each: who sent the row
 * stands in `sources` once, not in a million rows. What users see are the views over these.
 */
export const STORED_TABLES = Object.freeze({
  sources: {
    source_id: 'INTEGER',
    service_name: 'VARCHAR',
    service_namespace: 'VARCHAR',
    service_version: 'VARCHAR',
    service_instance_id: 'VARCHAR',
    deployment_environment: 'VARCHAR',
    host_name: 'VARCHAR',
    resource_attributes: MAP,
    scope_name: 'VARCHAR',
    scope_version: 'VARCHAR',
    scope_attributes: MAP,
  },
  spans: {
    source_id: 'INTEGER',
    trace_id: 'VARCHAR',
    span_id: 'VARCHAR',
    parent_span_id: 'VARCHAR',
    trace_state: 'VARCHAR',
    name: 'VARCHAR',
    kind: 'VARCHAR',
    status_code: 'VARCHAR',
    status_message: 'VARCHAR',
    start_time_unix_nano: 'UBIGINT',
    end_time_unix_nano: 'UBIGINT',
    exception_type: 'VARCHAR',
    exception_message: 'VARCHAR',
    ...SPAN_SEMANTICS,
    event_count: 'INTEGER',
    link_count: 'INTEGER',
    dropped_attributes_count: 'BIGINT',
    dropped_events_count: 'BIGINT',
    dropped_links_count: 'BIGINT',
    attributes: MAP,
  },
  span_events: {
    source_id: 'INTEGER',
    trace_id: 'VARCHAR',
    span_id: 'VARCHAR',
    span_name: 'VARCHAR',
    name: 'VARCHAR',
    time_unix_nano: 'UBIGINT',
    exception_type: 'VARCHAR',
    exception_message: 'VARCHAR',
    dropped_attributes_count: 'BIGINT',
    attributes: MAP,
  },
  span_links: {
    source_id: 'INTEGER',
    trace_id: 'VARCHAR',
    span_id: 'VARCHAR',
    linked_trace_id: 'VARCHAR',
    linked_span_id: 'VARCHAR',
    linked_trace_state: 'VARCHAR',
    dropped_attributes_count: 'BIGINT',
    attributes: MAP,
  },
  logs: {
    source_id: 'INTEGER',
    time_unix_nano: 'UBIGINT',
    observed_time_unix_nano: 'UBIGINT',
    severity_number: 'INTEGER',
    severity_text: 'VARCHAR',
    body: 'VARCHAR',
    event_name: 'VARCHAR',
    trace_id: 'VARCHAR',
    span_id: 'VARCHAR',
    exception_type: 'VARCHAR',
    exception_message: 'VARCHAR',
    dropped_attributes_count: 'BIGINT',
    attributes: MAP,
  },
  metric_points: {
    source_id: 'INTEGER',
    point_id: 'BIGINT',
    metric_name: 'VARCHAR',
    description: 'VARCHAR',
    unit: 'VARCHAR',
    kind: 'VARCHAR',
    temporality: 'VARCHAR',
    is_monotonic: 'BOOLEAN',
    start_time_unix_nano: 'UBIGINT',
    time_unix_nano: 'UBIGINT',
    value: 'DOUBLE',
    value_int: 'BIGINT',
    count: 'UBIGINT',
    sum: 'DOUBLE',
    min: 'DOUBLE',
    max: 'DOUBLE',
    bucket_bounds: 'DOUBLE[]',
    bucket_counts: 'UBIGINT[]',
    scale: 'INTEGER',
    zero_count: 'UBIGINT',
    zero_threshold: 'DOUBLE',
    positive_offset: 'INTEGER',
    positive_counts: 'UBIGINT[]',
    negative_offset: 'INTEGER',
    negative_counts: 'UBIGINT[]',
    quantiles: 'STRUCT(quantile DOUBLE, value DOUBLE)[]',
    flags: 'BIGINT',
    attributes: MAP,
  },
  exemplars: {
    source_id: 'INTEGER',
    point_id: 'BIGINT',
    metric_name: 'VARCHAR',
    time_unix_nano: 'UBIGINT',
    value: 'DOUBLE',
    value_int: 'BIGINT',
    trace_id: 'VARCHAR',
    span_id: 'VARCHAR',
    attributes: MAP,
  },
} as const satisfies Record<string, Record<string, ColumnType>>)

export type TableName = keyof typeof STORED_TABLES

export const TABLE_NAMES = Object.freeze(Object.keys(STORED_TABLES) as TableName[])

type Columns<T extends TableName> = (typeof STORED_TABLES)[T]

/** What stands in front of a column's value in a line of JSON. */
export type Members<T extends TableName> = Readonly<Record<keyof Columns<T>, string>>

/**
 * Members of a table's lines, each with the comma in front. Their names are numbers: what a
 * line does not spell out a million times is neither written nor parsed.
 */
export function membersOf<T extends TableName>(table: T): Members<T> {
  const names = Object.keys(STORED_TABLES[table])
  // The same keys.
  return Object.fromEntries(names.map((name, index) => [name, `,"${index}":`])) as Members<T>
}

/** With which a line begins. */
export function lineStart(sourceId: number): string {
  return `{"0":${sourceId}`
}

export function createTableSql(table: TableName): string {
  const columns = Object.entries(STORED_TABLES[table]).map(([name, type]) => `"${name}" ${type}`)
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`
}

/** Inserts the lines of a file; `$1` is its path. */
export function insertLinesSql(table: TableName, longestLineBytes: number): string {
  const columns = Object.entries(STORED_TABLES[table]).map(
    ([, type], index) => `'${index}': '${type}'`,
  )
  return (
    `INSERT INTO ${table} SELECT * FROM read_json($1::VARCHAR, format = 'newline_delimited', ` +
    // It holds lines of that length in memory: no more than there are.
    `maximum_object_size = ${Math.max(MIN_LINE_BYTES, 2 * longestLineBytes)}, ` +
    `columns = {${columns.join(', ')}})`
  )
}

const MIN_LINE_BYTES = 2 ** 21
