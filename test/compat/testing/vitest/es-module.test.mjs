// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { startTestCapture } from 'otel-tape/testing'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { suite } from '../app/suite.cjs'

suite(
  {
    ...{ test, expect, beforeAll, afterEach, afterAll },
    useFakeTimers: () => vi.useFakeTimers(),
    useRealTimers: () => vi.useRealTimers(),
  },
  startTestCapture,
  async () => (await import('../app/shop.mjs')).checkout,
)
