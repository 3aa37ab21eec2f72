// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { SessionError } from '../session/session-error'
import type { ObjectStore } from '../storage/object-store'
import { openStore } from '../storage/open-store'
import { type StorageErrorCode, isStorageError } from '../storage/storage-error'
import { ListeningReceiver } from './listening-receiver'
import type { OtlpReceiver } from './receiver'
import { type ReceiverConfig, resolveReceiverConfig } from './receiver-config'
import { ReceiverError } from './receiver-error'
import type { OtlpReceiverOptions } from './receiver-options'

/** How long to wait for the store's first answer before listening without it. */
const STORE_MILLIS = 5_000

/**
 * Starts an OTLP receiver, over HTTP and gRPC, that records what it is sent into
 * a session. Resolves when it listens.
 *
 * A store that is down or full delays nothing: with `ack: 'stored'` requests are kept
 * in the write-ahead folder until it is back, as long as memory allows, and then
 * senders are told to come again.
 *
 * Rejects with `ReceiverError`: `InvalidConfig` for a wrong option, `AddressInUse`,
 * `SessionCompleted` when the session must not be written any more, and
 * `StorageFailure` when the store or the write-ahead folder can't be used.
 *
 * @example
 * await using receiver = await createOtlpReceiver({ http: '127.0.0.1:0', grpc: 'off' })
 * receiver.batches.on('data', (batch) => console.log(batch.signal, batch.body.length))
 * process.env.OTEL_EXPORTER_OTLP_ENDPOINT = receiver.httpUrl
 */
export async function createOtlpReceiver(options: OtlpReceiverOptions = {}): Promise<OtlpReceiver> {
  const config = resolveReceiverConfig(options)
  if (!config.record) return ListeningReceiver.start(config, undefined)
  const store = openReceiverStore(config.store)
  const isOurs = store !== config.store
  try {
    if (config.ack === 'stored') await checkFolder(config.writeAheadFolder)
    return await ListeningReceiver.start(config, { store, isOurs, checkSession })
  } catch (error) {
    if (isOurs) await store.close().catch(() => undefined)
    throw error
  }
}

function openReceiverStore(store: ReceiverConfig['store']): ObjectStore {
  if (typeof store === 'object') return store
  try {
    return openStore(store)
  } catch (error) {
    const { message } = error as Error
    throw new ReceiverError('InvalidConfig', message, { cause: error })
  }
}

async function checkFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
  } catch (error) {
    throw new ReceiverError(
      'StorageFailure',
      `the write-ahead folder '${folder}' can't be written: ${(error as Error).message}; ` +
        `name another one (writeAheadFolder), or give up on acknowledging what is kept (ack 'memory')`,
      { cause: error },
    )
  }
}

/** Of a store that is down or full somebody takes care, and meanwhile requests can be kept. */
const PASSING_CODES: ReadonlySet<StorageErrorCode> = new Set(['UNAVAILABLE', 'TIMEOUT', 'FULL'])

/** Fails early where waiting would not help: a wrong password stays wrong. */
async function checkSession(sessionId: string, ready: Promise<void>): Promise<void> {
  try {
    await Promise.race([ready, sleep(STORE_MILLIS, undefined, { ref: false })])
  } catch (error) {
    const { message } = error as Error
    if (error instanceof SessionError) {
      throw new ReceiverError('SessionCompleted', message, { sessionId, cause: error })
    }
    if (!isStorageError(error) || !PASSING_CODES.has(error.code))
      throw new ReceiverError('StorageFailure', message, { sessionId, cause: error })
  }
}
