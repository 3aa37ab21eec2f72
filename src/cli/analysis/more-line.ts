// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readableCount } from '../readable-figures'
import type { ReportOptions } from './report-options'

/** That there are more than are shown. */
export function moreLine(all: number, { top }: ReportOptions, what: string): string[] {
  return all > top ? [`  … and ${readableCount(all - top)} more ${what} (--top)`] : []
}
