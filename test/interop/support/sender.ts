// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A program that sends some of each signal through its language's SDK, and says what. */
export interface Sender {
  readonly language: string
  readonly protocols: readonly Protocol[]
  /** Whether its tools are on this machine. */
  isThere(): boolean
  /** Gets it ready, once, which may take minutes. */
  prepare(): Promise<void>
  /** @param endpoint what OTEL_EXPORTER_OTLP_ENDPOINT would be */
  send(endpoint: string, protocol: Protocol): Promise<Sent>
}

/** What a sender says that it has sent. */
export interface Sent {
  readonly spans: readonly { traceId: string; spanId: string; name: string }[]
  readonly points: readonly { name: string; route: string; value: string }[]
  readonly logs: readonly string[]
}

/** As OTEL_EXPORTER_OTLP_PROTOCOL names it. */
export type Protocol = 'http/protobuf' | 'http/json' | 'grpc'

/** Where the senders' own sources lie. */
export const SENDERS_FOLDER = join(__dirname, '../senders')

/** What points an SDK at a receiver, in any language. */
export function exporterEnvironment(endpoint: string, protocol: Protocol): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
  }
}

/** For what a sender needs only while it runs. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-sender-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
