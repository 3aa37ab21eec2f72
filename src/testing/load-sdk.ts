// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { TracerProvider } from '@opentelemetry/api'
import { TestCaptureError } from './test-capture-error'
import type { TestSpanProcessor } from './test-processors'

/** The part of the trace SDK's packages that is the same in 2.x and 3.x. */
interface TracerProviderClass {
  new (options: {
    resource: unknown
    sampler: unknown
    spanProcessors: TestSpanProcessor[]
  }): TracerProvider
}

// The names stand in the require calls, where bundlers and linters look for them.
const PACKAGES = Object.freeze({
  api: () => require('@opentelemetry/api') as typeof import('@opentelemetry/api'),
  'api-logs': () => require('@opentelemetry/api-logs') as typeof import('@opentelemetry/api-logs'),
  'context-async-hooks': () =>
    require('@opentelemetry/context-async-hooks') as typeof import('@opentelemetry/context-async-hooks'),
  core: () => require('@opentelemetry/core') as typeof import('@opentelemetry/core'),
  resources: () => require('@opentelemetry/resources') as typeof import('@opentelemetry/resources'),
  'sdk-logs': () => require('@opentelemetry/sdk-logs') as typeof import('@opentelemetry/sdk-logs'),
  'sdk-metrics': () =>
    require('@opentelemetry/sdk-metrics') as typeof import('@opentelemetry/sdk-metrics'),
  'sdk-trace': () =>
    require('@opentelemetry/sdk-trace') as typeof import('@opentelemetry/sdk-trace'),
  'sdk-trace-base': () =>
    require('@opentelemetry/sdk-trace-base') as typeof import('@opentelemetry/sdk-trace-base'),
})

type PackageName = keyof typeof PACKAGES
type Package<N extends PackageName> = ReturnType<(typeof PACKAGES)[N]>
type LogsApi = Package<'api-logs'>['logs']

/**
 * The OpenTelemetry packages that the app has, SDK 2.x or 3.x. They are loaded
 * when a capture is to be registered, never before: most suites bring an SDK of
 * their own. Metrics and logs are left out where their SDK is not installed.
 *
 * @throws TestCaptureError `SDK_NOT_FOUND`
 */
export function loadSdk() {
  const api = required('api')
  // Since API 1.10 logs are part of the API; SDK 2.x keeps to the package before it.
  const logsApis = [(api as { logs?: LogsApi }).logs, ifInstalled('api-logs')?.logs]
  return {
    api,
    ...loadTraceSdk(),
    contextHooks: required('context-async-hooks'),
    core: required('core'),
    resources: required('resources'),
    metricsSdk: ifInstalled('sdk-metrics'),
    logsSdk: ifInstalled('sdk-logs'),
    logsApis: logsApis.filter((logs) => logs !== undefined),
  }
}

export type Sdk = ReturnType<typeof loadSdk>

function loadTraceSdk() {
  // Before 2.9 it had the other name only.
  const sdk = ifInstalled('sdk-trace') ?? ifInstalled('sdk-trace-base') ?? required('sdk-trace')
  const provider = 'TracerProvider' in sdk ? sdk.TracerProvider : sdk.BasicTracerProvider
  return {
    // The constructors' option types differ between the packages in names only.
    TracerProvider: provider as unknown as TracerProviderClass,
    AlwaysOnSampler: sdk.AlwaysOnSampler,
  }
}

function ifInstalled<N extends PackageName>(name: N): Package<N> | undefined {
  try {
    // Each loader returns what its name says, which indexing by a type parameter loses.
    return PACKAGES[name]() as Package<N>
  } catch (error) {
    // A package that is there but lacks one of its own is broken, not missing.
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'MODULE_NOT_FOUND' || !message.includes(`'@opentelemetry/${name}'`)) throw error
    return undefined
  }
}

function required<N extends PackageName>(name: N): Package<N> {
  const loaded = ifInstalled(name)
  if (loaded !== undefined) return loaded
  throw new TestCaptureError(
    'SDK_NOT_FOUND',
    `register: true sets up an OpenTelemetry SDK, and '@opentelemetry/${name}' is not installed. ` +
      'Install @opentelemetry/api, @opentelemetry/sdk-trace, @opentelemetry/context-async-hooks ' +
      'and @opentelemetry/resources (for metrics and logs also @opentelemetry/sdk-metrics and ' +
      '@opentelemetry/sdk-logs) as development dependencies, or give tape.spanProcessor() to an ' +
      'SDK of your own.',
  )
}
