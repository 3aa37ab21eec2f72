// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { BatchRecorder } from './batch-recorder'
import { CaptureError } from './capture-error'

/**
 * Throws `CaptureError` of reason `InvalidConfig` unless an exporter can be
 * wrapped so: found out here, by whoever wires up the app, and not at the first
 * export, in the middle of it.
 */
export function checkWrapping(
  className: string,
  capture: BatchRecorder,
  inner: { export: unknown } | undefined,
): void {
  if (typeof (capture as Partial<BatchRecorder> | undefined)?.record !== 'function') {
    throw wrong(`the first argument of ${className} must be what startCapture() returns`, capture)
  }
  if (inner !== undefined && typeof (inner as { export?: unknown } | null)?.export !== 'function') {
    throw wrong(`the exporter to wrap must have an export() method, or be left out`, inner)
  }
}

function wrong(problem: string, value: unknown): CaptureError {
  const shown = typeof value === 'object' && value !== null ? value.constructor.name : String(value)
  return new CaptureError('InvalidConfig', `${problem}; got ${shown}`)
}
