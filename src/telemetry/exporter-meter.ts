// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Counter, type Series, createCounter, createUpDownCounter } from './counter'
import { followMeterProvider } from './follow-meter-provider'
import { createHistogram } from './histogram'
import type { MeasuredAttributes } from './instrument-definition'

// Names, units and descriptions are OpenTelemetry's: its conventions for the metrics of SDKs.

const COMPONENT = [
  'otel.component.name',
  'otel.component.type',
  'server.address',
  'server.port',
] as const

type ComponentAttributes = MeasuredAttributes<(typeof COMPONENT)[number]>

const KINDS = Object.freeze({
  traces: instrumentsFor('span', 'span', 'spans'),
  metrics: instrumentsFor('metric_data_point', 'data_point', 'metric data points'),
  logs: instrumentsFor('log', 'log_record', 'log records'),
})

export const operationDuration = createHistogram({
  name: 'otel.sdk.exporter.operation.duration',
  unit: 's',
  description: 'The duration of exporting a batch of telemetry records.',
  attributes: [...COMPONENT, 'error.type', 'http.response.status_code', 'rpc.status_code'],
  // As the conventions want it: count, sum, least and greatest are enough.
  boundaries: [],
})

/** Every instrument of exporters, for whoever lists them. */
export const EXPORTER_INSTRUMENTS = Object.freeze([
  ...Object.values(KINDS).flatMap(({ inflight, exported }) => [inflight, exported]),
  operationDuration,
])

export interface ExporterMeterOptions {
  readonly signal: keyof typeof KINDS
  readonly protocol: 'http' | 'grpc'
  /** What is sent for. Exporters of one purpose and one target are one component. */
  readonly purpose: 'capture' | 'forward' | 'replay'
  readonly endpoint: string | URL
}

/** How a target answered last. */
export interface ExportAnswer {
  /** Over HTTP. */
  readonly statusCode?: number
  /** Over gRPC, by its name. */
  readonly grpcStatus?: string
}

export interface ExportFailure {
  /** How many items did not arrive. */
  readonly itemCount: number
  /** One of few: a status, the code of an error. */
  readonly errorType: string
}

/**
 * Measures exports as the SDK's own exporters are measured.
 *
 * @example
 * const begunAt = meter.begin(itemCount)
 * const answer = await send(request)
 * meter.end(begunAt, itemCount, answer)
 */
export interface ExporterMeter {
  /** Gives what `end` has to be given, which has to be called once. */
  begin(itemCount: number): number
  end(begunAt: number, itemCount: number, answer: ExportAnswer, failure?: ExportFailure): void
  /** Counts as failed what was not even tried. */
  refuse(itemCount: number, errorType: string): void
}

export function createExporterMeter(options: ExporterMeterOptions): ExporterMeter {
  return new ComponentMeter(options)
}

const EXPORTERS = Object.freeze({
  traces: 'span_exporter',
  metrics: 'metric_exporter',
  logs: 'log_exporter',
})

class ComponentMeter implements ExporterMeter {
  readonly #component: ComponentAttributes
  readonly #inflight: Series
  readonly #succeeded: Series
  readonly #exported: Counter<(typeof COMPONENT)[number] | 'error.type'>

  constructor({ signal, protocol, purpose, endpoint }: ExporterMeterOptions) {
    const { inflight, exported } = KINDS[signal]
    this.#component = {
      'otel.component.name': `otel_tape_${purpose}_${EXPORTERS[signal]}`,
      'otel.component.type': `otlp_${protocol}_${EXPORTERS[signal]}`,
      ...serverOf(new URL(endpoint)),
    }
    this.#inflight = inflight.series(this.#component)
    this.#succeeded = exported.series(this.#component)
    this.#exported = exported
  }

  begin(itemCount: number): number {
    followMeterProvider()
    this.#inflight.add(itemCount)
    return operationDuration.isKept ? performance.now() : 0
  }

  end(begunAt: number, itemCount: number, answer: ExportAnswer, failure?: ExportFailure): void {
    const failedItems = failure?.itemCount ?? 0
    this.#inflight.add(-itemCount)
    this.#succeeded.add(itemCount - failedItems)
    if (failure) this.refuse(failedItems, failure.errorType)
    if (begunAt === 0) return
    const { statusCode, grpcStatus } = answer
    operationDuration.record((performance.now() - begunAt) / 1000, {
      ...this.#component,
      ...(failure && { 'error.type': failure.errorType }),
      ...(statusCode !== undefined && { 'http.response.status_code': statusCode }),
      ...(grpcStatus !== undefined && { 'rpc.status_code': grpcStatus }),
    })
  }

  refuse(itemCount: number, errorType: string): void {
    this.#exported.series({ ...this.#component, 'error.type': errorType }).add(itemCount)
  }
}

function instrumentsFor(name: string, unit: string, plural: string) {
  return {
    inflight: createUpDownCounter({
      name: `otel.sdk.exporter.${name}.inflight`,
      unit: `{${unit}}`,
      description: `The number of ${plural} which were passed to the exporter, but that have not been exported yet (neither successful, nor failed).`,
      attributes: COMPONENT,
    }),
    exported: createCounter({
      name: `otel.sdk.exporter.${name}.exported`,
      unit: `{${unit}}`,
      description: `The number of ${plural} for which the export has finished, either successful or failed.`,
      attributes: [...COMPONENT, 'error.type'],
    }),
  }
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

function serverOf({ hostname, port, protocol }: URL): ComponentAttributes {
  const number = port ? Number(port) : DEFAULT_PORTS[protocol]
  return {
    'server.address': hostname.replace(/^\[|\]$/g, ''),
    ...(number !== undefined && { 'server.port': number }),
  }
}
