// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { CaptureError } from '../capture/capture-error'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { QueryError } from '../query/query-error'
import { ReceiverError } from '../receive/receiver-error'
import { ReplayError } from '../replay/replay-error'
import { SessionError } from '../session/session-error'
import { WriteAheadError } from '../session/on-disk/write-ahead-error'
import { StorageError } from '../storage/storage-error'
import { TransportError } from '../transport/transport-error'
import { CommandError } from './command-error'
import { UsageError } from './usage-error'

/** What is told of an error, in one line, and the exit code it ends the command with. */
export interface ErrorDescription {
  readonly line: string
  readonly exitCode: 1 | 2
}

/** Codes and reasons that say that the command was called wrongly. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'INVALID_SESSION_ID',
  'INVALID_URL',
  'InvalidConfig',
  'ReceiptMismatch',
])

const MAX_MESSAGE_LENGTH = 2_000

export function describeError(error: unknown): ErrorDescription {
  const message = messageOf(error)
  if (error instanceof UsageError) return { line: message, exitCode: 2 }
  const code = codeOf(error)
  if (code !== undefined) {
    return { line: `${message} (${code})`, exitCode: USAGE_CODES.has(code) ? 2 : 1 }
  }
  const name = error instanceof Error ? error.name : typeof error
  const hint = 'set OTEL_TAPE_DEBUG=1 to see where it comes from'
  return { line: `unexpected ${name}: ${message}; ${hint}`, exitCode: 1 }
}

/** The stable code or reason of an error of ours. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof StorageError || error instanceof SessionError) return error.code
  if (error instanceof ReplayError || error instanceof CaptureError) return error.reason
  if (error instanceof QueryError) return error.reason
  if (error instanceof TransportError || error instanceof ReceiverError) return error.reason
  if (error instanceof WriteAheadError) return error.code
  if (error instanceof MalformedOtlpError || error instanceof CommandError) return error.code
  return undefined
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const line = message.replace(/\s+/g, ' ').trim()
  return line.length <= MAX_MESSAGE_LENGTH ? line : `${line.slice(0, MAX_MESSAGE_LENGTH)}…`
}
