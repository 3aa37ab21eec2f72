// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'minio'
import { startCapture } from '../../src/capture/start-capture'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { createOtlpReceiver } from '../../src/receive/create-otlp-receiver'
import type { OtlpReceiver } from '../../src/receive/receiver'
import type { SessionMetadata } from '../../src/session/metadata'
import { MinioStore } from '../../src/storage/minio-store'
import { makeBatch } from '../support/recording'
import type { MinioServer } from '../support/s3/minio-server'
import { type Names, namesIn } from './stored-items'

/** How the server is taken away, for how long, and how long it is then left alone. */
export interface Interruption {
  readonly how: 'SIGSTOP' | 'SIGKILL'
  readonly downMillis: number
  readonly upMillis: number
}

/** What one recorder was given, and what became of it. Items are counted by an independent decoder. */
export interface Account {
  readonly recorder: string
  readonly sent: number
  readonly acknowledged: number
  readonly refused: number
  readonly stored: number
  readonly doubled: number
  /** Acknowledged, and neither in the store nor counted as dropped. */
  readonly lost: number
  /** As the session's metadata says. */
  readonly counted: number
  readonly dropped: number
  readonly status: string
}

const PREFIXES: Readonly<Record<Signal, string>> = { traces: 'span', metrics: 'point', logs: 'log' }
const BUCKET = 'under-load'
const SEND_INTERVAL_MILLIS = 4

/**
 * An app under capture and two receivers (acknowledging what is on disk, and what is
 * in memory) record without a pause while the server goes and comes back.
 */
export async function recordThrough(
  minio: MinioServer,
  interruptions: readonly Interruption[],
): Promise<Account[]> {
  const { endpoint, accessKey, secretKey, region } = minio
  const store = new MinioStore({
    ...{ endpoint, accessKey, secretKey, region, bucket: BUCKET },
    ...{ attemptTimeoutMillis: 1_000, timeoutMillis: 4_000 },
  })
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-load-'))
  const recorders = [
    await recordCapture(store),
    await recordReceiver(store, 'stored', folder),
    await recordReceiver(store, 'memory', folder),
  ]
  try {
    const load = new AbortController()
    const loads = recorders.map((recorder) => sendUntil(recorder, load.signal))
    await wait(300)
    for (const interruption of interruptions) await interrupt(minio, interruption)
    load.abort()
    await Promise.all(loads)
    const accounts: Account[] = []
    for (const recorder of recorders) {
      const metadata = await recorder.stop()
      const stored = await storedIn(minio, recorder.name)
      accounts.push(accountOf(recorder, metadata, stored))
    }
    return accounts
  } finally {
    await Promise.all(recorders.map((recorder) => recorder.stop()))
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function interrupt(
  minio: MinioServer,
  { how, downMillis, upMillis }: Interruption,
): Promise<void> {
  if (how === 'SIGSTOP') minio.suspend()
  else await minio.kill()
  await wait(downMillis)
  if (how === 'SIGSTOP') minio.resume()
  else await minio.restart()
  await wait(upMillis)
}

interface Recorder {
  /** Of the session as well. */
  readonly name: string
  readonly acknowledged: Names
  readonly tally: { sent: number; refused: number }
  /** Whether it was acknowledged. */
  take(signal: Signal, body: Uint8Array): Promise<boolean>
  stop(): Promise<SessionMetadata>
}

async function recordCapture(store: MinioStore): Promise<Recorder> {
  const capture = startCapture({
    ...{ store, sessionId: 'capture', flushIntervalMillis: 50, stopTimeoutMillis: 60_000 },
  })
  return {
    name: 'capture',
    ...emptyBooks(),
    take: (signal, body) =>
      capture.captureOTLPData(body, signal).then(
        () => true,
        () => false,
      ),
    stop: () => capture.stop(),
  }
}

async function recordReceiver(
  store: MinioStore,
  ack: 'stored' | 'memory',
  folder: string,
): Promise<Recorder> {
  const name = `receiver-${ack}`
  const receiver = await createOtlpReceiver({
    ...{ http: '127.0.0.1:0', grpc: 'off', store, sessionId: name, ack },
    ...{ writeAheadFolder: folder, flushIntervalMillis: 50, stopTimeoutMillis: 60_000 },
  })
  return {
    name,
    ...emptyBooks(),
    take: async (signal, body) => (await post(receiver, signal, body)) === 200,
    stop: async () => (await receiver.stop())[0],
  }
}

function emptyBooks(): Pick<Recorder, 'acknowledged' | 'tally'> {
  return {
    acknowledged: { traces: [], metrics: [], logs: [] },
    tally: { sent: 0, refused: 0 },
  }
}

async function sendUntil(recorder: Recorder, signal: AbortSignal): Promise<void> {
  for (let batch = 0; !signal.aborted; batch++) {
    const kind = SIGNALS[batch % SIGNALS.length]
    const names = [0, 1, 2, 3].map((item) => `${PREFIXES[kind]}-${batch}-${item}`)
    recorder.tally.sent += names.length
    if (await recorder.take(kind, makeBatch(kind, { names }).body)) {
      recorder.acknowledged[kind].push(...names)
    } else {
      recorder.tally.refused += names.length
    }
    await wait(SEND_INTERVAL_MILLIS)
  }
}

function post(
  receiver: OtlpReceiver,
  signal: Signal,
  body: Uint8Array,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length }
    const url = `${receiver.httpUrl}/v1/${signal}`
    request(url, { method: 'POST', headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
      .on('error', reject)
      .end(body)
  })
}

/** By the client's own listing and download, and by gunzip and protobufjs. */
async function storedIn(minio: MinioServer, sessionId: string): Promise<Names> {
  const { hostname, port } = new URL(minio.endpoint)
  const { accessKey, secretKey } = minio
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
  })
  const segments: [string, Buffer][] = []
  const prefix = `sessions/${sessionId}/raw/`
  for await (const item of client.listObjectsV2(BUCKET, prefix, true)) {
    const { name } = item as { name: string }
    segments.push([name, await buffer(await client.getObject(BUCKET, name))])
  }
  return namesIn(segments)
}

function accountOf(
  { name, acknowledged, tally }: Recorder,
  { signals, status }: SessionMetadata,
  stored: Names,
): Account {
  const sum = (of: (signal: Signal) => number): number =>
    SIGNALS.reduce((total, signal) => total + of(signal), 0)
  const unique = Object.fromEntries(SIGNALS.map((signal) => [signal, new Set(stored[signal])]))
  const dropped = sum((signal) => signals[signal].droppedItems)
  const missing = sum(
    (signal) => acknowledged[signal].filter((item) => !unique[signal].has(item)).length,
  )
  return {
    recorder: name,
    ...tally,
    acknowledged: sum((signal) => acknowledged[signal].length),
    stored: sum((signal) => stored[signal].length),
    doubled: sum((signal) => stored[signal].length - unique[signal].size),
    lost: Math.max(0, missing - dropped),
    counted: sum((signal) => signals[signal].items),
    dropped,
    status,
  }
}

export function expectNothingLost(accounts: readonly Account[]): void {
  for (const account of accounts) {
    const { recorder, acknowledged, refused, sent, stored } = account
    expect(account).toMatchObject({ status: 'completed', lost: 0, doubled: 0, dropped: 0 })
    expect(account).toMatchObject({ counted: stored, stored: acknowledged })
    expect({ recorder, sum: acknowledged + refused }).toEqual({ recorder, sum: sent })
    expect(acknowledged).toBeGreaterThan(0)
  }
}

export function describeAccounts(accounts: readonly Account[]): string {
  return accounts
    .map(
      ({ recorder, sent, acknowledged, refused, stored, doubled, dropped, lost }) =>
        `${recorder}: ${sent} items sent, ${acknowledged} acknowledged, ${refused} refused, ` +
        `${stored} stored, ${doubled} doubled, ${dropped} dropped and reported, ${lost} lost\n`,
    )
    .join('')
}
