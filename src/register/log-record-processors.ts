// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { LogRecordProcessor } from '@opentelemetry/sdk-logs'
import type { Capture } from '../capture/start-capture'
import type { LogRecordExporter } from '../otlp/sdk-types'
import { exporterNames } from './exporter-names'
import type { InstalledPackage } from './installed-package'
import { createOtlpExporter } from './otlp-exporter'
import { type ProcessorClass, batchOptions, createProcessor } from './processor'

interface LogsSdk {
  BatchLogRecordProcessor: ProcessorClass<LogRecordProcessor>
  SimpleLogRecordProcessor: ProcessorClass<LogRecordProcessor>
  ConsoleLogRecordExporter: new () => LogRecordExporter
}

/**
 * The log record processors that `OTEL_LOGS_EXPORTER` names, and before them one
 * that records, with a queue of its own: at the end, the processor of a backend
 * that is down hands on nothing before its last export has failed.
 */
export function createLogRecordProcessors(
  capture: Capture | undefined,
  sdk: InstalledPackage,
): LogRecordProcessor[] {
  const { BatchLogRecordProcessor, SimpleLogRecordProcessor, ConsoleLogRecordExporter } =
    sdk.loadDependency('@opentelemetry/sdk-logs') as LogsSdk
  const options = batchOptions('OTEL_BLRP')
  const batched = (exporter: LogRecordExporter) =>
    createProcessor(BatchLogRecordProcessor, exporter, options)
  const create = {
    otlp: () => batched(createOtlpExporter('logs', sdk)),
    console: () => createProcessor(SimpleLogRecordProcessor, new ConsoleLogRecordExporter()),
  }
  const processors = exporterNames('logs', ['otlp', 'console']).map((name) => create[name]())
  return capture ? [batched(capture.logRecordExporter()), ...processors] : processors
}
