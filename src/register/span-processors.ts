// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SpanProcessor } from '@opentelemetry/sdk-trace'
import type { Capture } from '../capture/start-capture'
import type { SpanExporter } from '../otlp/sdk-types'
import { exporterNames } from './exporter-names'
import type { InstalledPackage } from './installed-package'
import { createOtlpExporter } from './otlp-exporter'
import { type ProcessorClass, batchOptions, createProcessor } from './processor'

interface TraceSdk {
  BatchSpanProcessor: ProcessorClass<SpanProcessor>
  SimpleSpanProcessor: ProcessorClass<SpanProcessor>
  ConsoleSpanExporter: new () => SpanExporter
}

/**
 * The span processors that `OTEL_TRACES_EXPORTER` names, and before them one that
 * records. It has a queue of its own: while a backend that is down is tried again
 * and again, the queue before its exporter fills up, and what comes then is gone.
 */
export function createSpanProcessors(
  capture: Capture | undefined,
  sdk: InstalledPackage,
): SpanProcessor[] {
  const { BatchSpanProcessor, SimpleSpanProcessor, ConsoleSpanExporter } = loadTraceSdk(sdk)
  const options = batchOptions('OTEL_BSP')
  const batched = (exporter: SpanExporter) => createProcessor(BatchSpanProcessor, exporter, options)
  const create = {
    otlp: () => batched(createOtlpExporter('traces', sdk)),
    zipkin: () => batched(createZipkinExporter(sdk)),
    console: () => createProcessor(SimpleSpanProcessor, new ConsoleSpanExporter()),
  }
  const processors = exporterNames('traces', ['otlp', 'zipkin', 'console']).map((name) =>
    create[name](),
  )
  return capture ? [batched(capture.spanExporter()), ...processors] : processors
}

function loadTraceSdk(sdk: InstalledPackage): TraceSdk {
  const isNew = sdk.resolveDependency('@opentelemetry/sdk-trace') !== undefined
  // Before 2.9 the package had the other name.
  const name = isNew ? '@opentelemetry/sdk-trace' : '@opentelemetry/sdk-trace-base'
  return sdk.loadDependency(name) as TraceSdk
}

function createZipkinExporter(sdk: InstalledPackage): SpanExporter {
  const { ZipkinExporter } = sdk.loadDependency('@opentelemetry/exporter-zipkin') as {
    ZipkinExporter: new () => SpanExporter
  }
  return new ZipkinExporter()
}
