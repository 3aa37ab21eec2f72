// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { TableName } from './stored-tables'

/** Takes the rows of tables as lines of JSON, each with its line end. */
export interface LineSink {
  add(table: TableName, line: string): void
}
