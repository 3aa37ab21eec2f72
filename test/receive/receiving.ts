// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import type { Signal } from '../../src/otlp/signal'
import { createOtlpReceiver } from '../../src/receive/create-otlp-receiver'
import type { OtlpReceiver } from '../../src/receive/receiver'
import type { OtlpReceiverOptions } from '../../src/receive/receiver-options'
import type { ObjectStore } from '../../src/storage/object-store'
import { decodeIndependently } from '../support/independent-decoder'
import { readAll } from '../support/recording'

const running: OtlpReceiver[] = []
const folders: string[] = []

/** A receiver on free ports, with a write-ahead folder of its own. */
export async function startReceiver(options: OtlpReceiverOptions = {}): Promise<OtlpReceiver> {
  const writeAheadFolder = options.writeAheadFolder ?? (await temporaryFolder())
  const receiver = await createOtlpReceiver({
    http: '127.0.0.1:0',
    grpc: 'off',
    ...options,
    writeAheadFolder,
  })
  running.push(receiver)
  return receiver
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-receive-'))
  folders.push(folder)
  return folder
}

/** To be called after each test. */
export async function stopReceivers(): Promise<void> {
  await Promise.all(running.splice(0).map((receiver) => receiver.stop()))
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })))
}

export async function post(
  receiver: OtlpReceiver,
  { signal, body }: Pick<OtlpBatch, 'signal' | 'body'>,
): Promise<Response> {
  return fetch(`${receiver.httpUrl}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: Buffer.from(body),
  })
}

/** Logs of several resources: for each, its attributes and the bodies of its records. */
export function logsOf(
  resources: readonly { attributes: Record<string, string>; bodies: readonly string[] }[],
): { signal: Signal; body: Uint8Array } {
  const request = {
    resourceLogs: resources.map(({ attributes, bodies }) => ({
      resource: {
        attributes: Object.entries(attributes).map(([key, stringValue]) => ({
          key,
          value: { stringValue },
        })),
      },
      scopeLogs: [{ logRecords: bodies.map((stringValue) => ({ body: { stringValue } })) }],
    })),
  }
  return { signal: 'logs', body: requestFromJson(request, 'logs') }
}

/** The bodies of all log records in a session, sorted. */
export async function storedLogBodies(store: ObjectStore, sessionId: string): Promise<string[]> {
  const batches = await readAll({ store, sessionId })
  return batches
    .flatMap(({ signal, body }) => {
      const text = JSON.stringify(decodeIndependently(signal, body))
      return [...text.matchAll(/"body":\{"stringValue":"([^"]*)"\}/g)].map(([, value]) => value)
    })
    .sort()
}
