// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'

// Code under test and capture as CommonJS; a test of Vitest itself is always an ES module.
const require = createRequire(import.meta.url)

require('../app/suite.cjs').suite(
  {
    ...{ test, expect, beforeAll, afterEach, afterAll },
    useFakeTimers: () => vi.useFakeTimers(),
    useRealTimers: () => vi.useRealTimers(),
  },
  require('otel-tape/testing').startTestCapture,
  () => require('../app/shop.cjs').checkout,
)
