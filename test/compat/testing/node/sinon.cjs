// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

'use strict'

// A plain script with nothing else to wait for: the wait keeps the process alive until it expires,
// though sinon has faked the timers of node:timers before the capture was loaded.
const clock = require('sinon').useFakeTimers()
const { startTestCapture } = require('otel-tape/testing')

process.exitCode = 1
startTestCapture()
  .waitForSpan({ name: 'never' }, { timeoutMillis: 50 })
  .catch((error) => {
    clock.restore()
    if (error.code === 'WAIT_TIMEOUT') process.exitCode = 0
    else throw error
  })
