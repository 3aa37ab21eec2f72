// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Records an app that has no OpenTelemetry set-up of its own, without a change
 * of its code: `node --import otel-tape/register app.js` (or `--require`).
 *
 * Starts the app's `@opentelemetry/sdk-node` as the `OTEL_*` environment says,
 * with the instrumentations of `@opentelemetry/auto-instrumentations-node` if the
 * app has it, and records all that it produces into the session
 * `OTEL_TAPE_SESSION_ID` in the store `OTEL_TAPE_STORE`. An exporter `none` sends
 * nothing; its signal is recorded all the same.
 *
 * The session ends with the process: when nothing is left to do, or with SIGTERM
 * or SIGINT, unless the app handles these itself. `process.exit()` and a crash
 * leave no time for that: what waits in the SDK's processors and readers, and what
 * came within the last five seconds, is lost, and the session is recognised as
 * interrupted.
 *
 * Worker threads are not recorded; processes that the app starts are, if they
 * inherit `NODE_OPTIONS`.
 *
 * @example
 * OTEL_SERVICE_NAME=shop OTEL_TAPE_SESSION_ID=debug-payment \
 *   node --import otel-tape/register app.js
 *
 * @packageDocumentation
 */

import { isMainThread } from 'node:worker_threads'
import { warnOfRegister } from './register-warning'

// A worker would be a writer of its own, that whoever terminates it leaves behind.
// With --require, the thread of the loader hooks comes by here, too.
if (isMainThread) {
  try {
    // Here and not above: the app must start even if a package is missing.
    const { startRecording } = require('./start-recording') as typeof import('./start-recording')
    startRecording()
  } catch (error) {
    warnOfRegister(`nothing is recorded, the app goes on: ${String(error)}`)
  }
}
