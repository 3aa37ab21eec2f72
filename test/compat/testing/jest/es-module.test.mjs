// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { jest } from '@jest/globals'
import { startTestCapture } from 'otel-tape/testing'
import { suite } from '../app/suite.cjs'

suite(
  {
    ...{ test, expect, beforeAll, afterEach, afterAll },
    useFakeTimers: () => jest.useFakeTimers(),
    useRealTimers: () => jest.useRealTimers(),
  },
  startTestCapture,
  async () => (await import('../app/shop.mjs')).checkout,
)
