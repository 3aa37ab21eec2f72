// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

'use strict'

const { startTestCapture } = require('otel-tape/testing')
const { suite } = require('../app/suite.cjs')

suite(
  {
    ...{ test, expect, beforeAll, afterEach, afterAll },
    useFakeTimers: () => jest.useFakeTimers(),
    useRealTimers: () => jest.useRealTimers(),
  },
  startTestCapture,
  () => require('../app/shop.cjs').checkout,
)
