// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** What of an analysis is shown, and on how wide a terminal. */
export interface ReportOptions {
  /** Of the terminal. */
  readonly columns: number
  /** How many of each there are lines for. */
  readonly top: number
}
