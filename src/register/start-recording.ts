// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { type Capture, startCapture } from '../capture/start-capture'
import { loadAutoInstrumentations } from './auto-instrumentations'
import { textFrom } from '../options/environment'
import { type InstalledPackage, findInstalledPackage } from './installed-package'
import { createLogRecordProcessors } from './log-record-processors'
import { createMetricReaders } from './metric-readers'
import { warnOfRegister } from './register-warning'
import { SdkRecording } from './sdk-recording'
import { createSpanProcessors } from './span-processors'
import { showStartupWarnings } from './startup-warnings'
import { stopAtExit } from './stop-at-exit'

/** How long the store may take at the end, beside what the backend may take. */
const STORE_LIMIT_MILLIS = 5_000

/** Starts capture and SDK as the environment says, and stops both at the process's end. */
export function startRecording(): void {
  if (textFrom('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return
  const sdk = findInstalledPackage('@opentelemetry/sdk-node')
  if (sdk === undefined) {
    warnOfRegister(
      'nothing is recorded: @opentelemetry/sdk-node is not installed. Run npm install ' +
        '@opentelemetry/api @opentelemetry/sdk-node @opentelemetry/auto-instrumentations-node',
    )
    return
  }
  const stopShowing = showStartupWarnings()
  const capture = startCaptureIfPossible()
  try {
    const config = configure(sdk, capture)
    // From here on it is the SDK's logger that shows what happens, if OTEL_LOG_LEVEL asks for it.
    stopShowing()
    const { NodeSDK } = sdk.load() as typeof import('@opentelemetry/sdk-node')
    new NodeSDK(config).start()
    const { spanProcessors, logRecordProcessors, metricReaders } = config
    const parts = [...spanProcessors, ...logRecordProcessors, ...metricReaders]
    stopAtExit(new SdkRecording(parts, capture))
    if (capture) diag.info(`otel-tape: records into session '${capture.sessionId}'`)
  } catch (error) {
    void capture?.stop()
    throw error
  } finally {
    stopShowing()
  }
}

function startCaptureIfPossible(): Capture | undefined {
  try {
    return startCapture({ stopTimeoutMillis: STORE_LIMIT_MILLIS })
  } catch (error) {
    // The app's telemetry has to reach its backend all the same.
    warnOfRegister(`nothing is recorded: ${(error as Error).message}`)
    return undefined
  }
}

function configure(sdk: InstalledPackage, capture: Capture | undefined) {
  return {
    spanProcessors: createSpanProcessors(capture, sdk),
    logRecordProcessors: createLogRecordProcessors(capture, sdk),
    metricReaders: createMetricReaders(capture, sdk),
    ...loadAutoInstrumentations(),
  }
}
