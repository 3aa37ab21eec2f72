// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { handleUnaryCall, sendUnaryData, Server, ServiceDefinition } from '@grpc/grpc-js'
import { diag } from '@opentelemetry/api'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { writeMessage } from '../otlp/protobuf-writer'
import { SIGNALS, type Signal } from '../otlp/signal'
import { untraced } from '../storage/untraced'
import type { EndpointParts } from './endpoint'
import { EXPORT_SERVICES } from './grpc-descriptors'
import { noRoom, toCallStatus } from './grpc-status'
import { UnavailableError, type IntakeResult } from './intake'

type ExportParts = Pick<EndpointParts, 'intake' | 'budget'>
type Export = handleUnaryCall<Buffer, IntakeResult>

/** Adds the three services that OTLP senders call. Requests pass through as the bytes they are. */
export function addExportServices(server: Server, parts: ExportParts): void {
  for (const signal of SIGNALS) {
    server.addService(definitionOf(signal), { Export: exportTo(signal, parts) })
  }
}

function definitionOf(signal: Signal): ServiceDefinition<{ Export: Export }> {
  return {
    Export: {
      path: `/${EXPORT_SERVICES[signal]}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (body: Buffer) => body,
      // Each message comes in memory of its own, which nobody writes to again.
      requestDeserialize: (body) => body,
      responseSerialize: encodeResponse,
      responseDeserialize: () => ({ rejectedItems: 0, message: '' }),
    },
  }
}

function exportTo(signal: Signal, parts: ExportParts): Export {
  return ({ request }, respond) => void answer(signal, request, parts, respond)
}

async function answer(
  signal: Signal,
  body: Buffer,
  { intake, budget }: ExportParts,
  respond: sendUnaryData<IntakeResult>,
): Promise<void> {
  const { length } = body
  if (!budget.reserve(length)) {
    respond(toCallStatus(noRoom()))
    return
  }
  let result: IntakeResult
  try {
    result = await untraced(() => intake.take(signal, body))
  } catch (error) {
    if (!isSendersBusiness(error)) diag.error('otel-tape: an OTLP/gRPC request failed', error)
    respond(toCallStatus(error))
    return
  } finally {
    budget.release(length)
  }
  respond(null, result)
}

function isSendersBusiness(error: unknown): boolean {
  return error instanceof MalformedOtlpError || error instanceof UnavailableError
}

const PARTIAL_SUCCESS = 0x0a
const REJECTED_ITEMS = 0x08
const ERROR_MESSAGE = 0x12
const ALL_TAKEN = Buffer.alloc(0)

/** An `Export…ServiceResponse`: the same three fields for every signal. */
function encodeResponse({ rejectedItems, message }: IntakeResult): Buffer {
  // OTLP wants partial_success left unset when everything was taken.
  if (rejectedItems === 0) return ALL_TAKEN
  const bytes = writeMessage((writer) => {
    writer.stringField(ERROR_MESSAGE, message)
    writer.int64Field(REJECTED_ITEMS, rejectedItems)
    writer.messageField(PARTIAL_SUCCESS, 0)
  })
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
