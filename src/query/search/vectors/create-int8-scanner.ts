// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Int8Scanner } from './int8-scanner'
import { createPlainScanner } from './plain-scanner'
import { createSimdScanner } from './simd-scanner'

export function createInt8Scanner(dimensions: number): Int8Scanner {
  try {
    return createSimdScanner(dimensions)
  } catch {
    // No WebAssembly (`node --jitless`), no SIMD, or no address space for a memory that can grow.
    return createPlainScanner(dimensions)
  }
}
