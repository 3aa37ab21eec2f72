// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReadableLogRecord, ReadableSpan } from '../otlp/sdk-types'
import { CapturingMetricReader } from './capturing-metric-reader'
import { type Sdk, loadSdk } from './load-sdk'
import { TestCaptureError } from './test-capture-error'
import {
  type TelemetryReceiver,
  createLogRecordProcessor,
  createSpanProcessor,
} from './test-processors'

/** The process's global providers, as long as one capture has them. */
export interface GlobalRegistration {
  /** Undefined where the metrics SDK is not installed. */
  readonly metricReader: CapturingMetricReader | undefined
  readonly hasLogs: boolean
  /** Takes the providers off the API; the next capture may have them. */
  unregister(): void
}

let providers: GlobalProviders | undefined

/**
 * Makes `receiver` hear all that goes through the global OpenTelemetry API.
 *
 * The providers are made once and live on when a capture stops: code that keeps
 * a tracer in module scope keeps a tracer of these. If every test file had
 * providers of its own, in a runner that loads all files into one process only
 * the first would see any spans.
 *
 * @throws TestCaptureError `ALREADY_REGISTERED`, `SDK_NOT_FOUND`
 */
export function registerGlobally(receiver: TelemetryReceiver): GlobalRegistration {
  providers ??= new GlobalProviders(loadSdk())
  providers.register(receiver)
  return providers
}

/** One place of the API that holds something global. */
interface GlobalSlot {
  readonly holds: string
  /** Somebody else's serves as well: an active context is an active context. */
  readonly maybeTaken: boolean
  install(): boolean
  remove(): void
}

class GlobalProviders implements GlobalRegistration, TelemetryReceiver {
  readonly metricReader: CapturingMetricReader | undefined
  readonly hasLogs: boolean
  readonly #slots: readonly GlobalSlot[]
  #installed: GlobalSlot[] = []
  #receiver?: TelemetryReceiver

  constructor(sdk: Sdk) {
    const { defaultResource, detectResources, envDetector } = sdk.resources
    const resource = defaultResource().merge(detectResources({ detectors: [envDetector] }))
    this.metricReader = sdk.metricsSdk && new CapturingMetricReader()
    this.hasLogs = sdk.logsSdk !== undefined && sdk.logsApis.length > 0
    this.#slots = [
      traceSlot(sdk, resource, this),
      ...(this.metricReader ? metricSlots(sdk, resource, this.metricReader) : []),
      ...logSlots(sdk, resource, this),
      contextSlot(sdk),
      propagationSlot(sdk),
    ]
  }

  register(receiver: TelemetryReceiver): void {
    if (this.#receiver) throw alreadyRegistered('another capture that is not stopped')
    for (const slot of this.#slots) {
      if (slot.install()) {
        this.#installed.push(slot)
      } else if (!slot.maybeTaken) {
        this.unregister()
        throw alreadyRegistered(`a global ${slot.holds}`)
      }
    }
    this.#receiver = receiver
  }

  unregister(): void {
    this.#receiver = undefined
    for (const slot of this.#installed.splice(0)) slot.remove()
  }

  spanStarted(span: ReadableSpan): void {
    this.#receiver?.spanStarted(span)
  }

  spanEnded(span: ReadableSpan): void {
    this.#receiver?.spanEnded(span)
  }

  logEmitted(record: ReadableLogRecord): void {
    this.#receiver?.logEmitted(record)
  }
}

type SdkResource = ReturnType<Sdk['resources']['defaultResource']>

function traceSlot(sdk: Sdk, resource: SdkResource, receiver: TelemetryReceiver): GlobalSlot {
  const provider = new sdk.TracerProvider({
    resource,
    // Whatever OTEL_TRACES_SAMPLER says, and whatever a caller's trace flags say.
    sampler: new sdk.AlwaysOnSampler(),
    spanProcessors: [createSpanProcessor(receiver)],
  })
  return {
    holds: 'tracer provider',
    maybeTaken: false,
    install: () => sdk.api.trace.setGlobalTracerProvider(provider),
    remove: () => sdk.api.trace.disable(),
  }
}

function metricSlots(
  { api, metricsSdk }: Sdk,
  resource: SdkResource,
  reader: CapturingMetricReader,
): GlobalSlot[] {
  if (!metricsSdk) return []
  const provider = new metricsSdk.MeterProvider({ resource, readers: [reader] })
  return [
    {
      holds: 'meter provider',
      maybeTaken: false,
      install: () => api.metrics.setGlobalMeterProvider(provider),
      remove: () => api.metrics.disable(),
    },
  ]
}

function logSlots(
  { logsSdk, logsApis }: Sdk,
  resource: SdkResource,
  receiver: TelemetryReceiver,
): GlobalSlot[] {
  if (!logsSdk) return []
  const provider = new logsSdk.LoggerProvider({
    resource,
    processors: [createLogRecordProcessor(receiver)],
  })
  return logsApis.map((logs) => ({
    holds: 'logger provider',
    maybeTaken: false,
    install: () => {
      // API 1.10 answers whether it was set, the package before it which one is now.
      const answer: unknown = logs.setGlobalLoggerProvider(provider)
      return answer === true || answer === provider
    },
    remove: () => logs.disable(),
  }))
}

function contextSlot({ api, contextHooks }: Sdk): GlobalSlot {
  return {
    holds: 'context manager',
    maybeTaken: true,
    install: () => {
      const manager = new contextHooks.AsyncLocalStorageContextManager().enable()
      return api.context.setGlobalContextManager(manager)
    },
    remove: () => api.context.disable(),
  }
}

function propagationSlot({ api, core }: Sdk): GlobalSlot {
  const propagator = new core.CompositePropagator({
    propagators: [new core.W3CTraceContextPropagator(), new core.W3CBaggagePropagator()],
  })
  return {
    holds: 'propagator',
    maybeTaken: true,
    install: () => api.propagation.setGlobalPropagator(propagator),
    remove: () => api.propagation.disable(),
  }
}

function alreadyRegistered(what: string): TestCaptureError {
  return new TestCaptureError(
    'ALREADY_REGISTERED',
    `This process has ${what} already. Stop it first (await tape.stop()), share one capture, ` +
      "or give this capture's spanProcessor(), metricReader() and logRecordProcessor() to the " +
      'SDK that is registered.',
  )
}
