// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { ROOT_CONTEXT, type Span, type SpanOptions, trace } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, type ViewOptions } from '@opentelemetry/sdk-metrics'
import { type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { TestCapture } from '../../src/testing'

export interface AttachOptions {
  serviceName?: string
  /** Further processors, before the capture's own. */
  spanProcessors?: SpanProcessor[]
  views?: ViewOptions[]
}

/** Providers as an app would make them, with the parts of a capture in them. */
export function attachProviders(tape: TestCapture, options: AttachOptions = {}) {
  const { serviceName = 'shop', spanProcessors = [], views = [] } = options
  const resource = resourceFromAttributes({ 'service.name': serviceName })
  const tracerProvider = new TracerProvider({
    resource,
    spanProcessors: [...spanProcessors, tape.spanProcessor()],
  })
  const meterProvider = new MeterProvider({ resource, views, readers: [tape.metricReader()] })
  const loggerProvider = new LoggerProvider({ resource, processors: [tape.logRecordProcessor()] })
  const tracer = tracerProvider.getTracer('shop-lib', '1.2.3')
  return {
    tracerProvider,
    meterProvider,
    tracer,
    meter: meterProvider.getMeter('shop-lib'),
    logger: loggerProvider.getLogger('shop-lib'),
    startSpan: (name: string, parent?: Span, spanOptions: SpanOptions = {}) =>
      tracer.startSpan(name, spanOptions, contextOf(parent)),
  }
}

/** The context in which `span` is active; no context manager needed. */
export function contextOf(span?: Span) {
  return span ? trace.setSpan(ROOT_CONTEXT, span) : ROOT_CONTEXT
}

/** Fails loudly where `noUncheckedIndexedAccess` would: a test wants the first of several. */
export function first<T>(items: readonly T[]): T {
  if (items.length === 0) throw new Error('There is none.')
  return items[0]
}
