// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import type { Signal } from '../otlp/signal'
import { RecoveryPasses } from '../session/on-disk/recovery-passes'
import type { SessionMetadata } from '../session/metadata'
import { openWriteAheadFolder } from '../session/on-disk/write-ahead-folder'
import { holdProcess } from '../storage/hold-process'
import type { ObjectStore } from '../storage/object-store'
import { followMeterProvider } from '../telemetry/follow-meter-provider'
import type { Endpoint, EndpointParts } from './endpoint'
import { EndpointMeter } from './endpoint-meter'
import { warnOfExposure } from './exposure-warning'
import { type Forwarder, createForwarder } from './forwarder'
import { startGrpcEndpoint } from './grpc-endpoint'
import { startHttpEndpoint } from './http-endpoint'
import { type IntakeResult, UnavailableError } from './intake'
import { MemoryBudget } from './memory-budget'
import { ReceivedBatches } from './received-batches'
import { createRareErrors } from './rare-failures'
import type { OtlpReceiver, ReceiverEvents, ReceiverStatus } from './receiver'
import type { ReceiverConfig } from './receiver-config'
import { ReceiverCounts } from './receiver-counts'
import { ReceiverError } from './receiver-error'
import { RecordingIntake, type TakenRequest } from './recording-intake'
import { SessionRouter } from './session-router'
import { StorageHealth } from './storage-health'

export interface ReceiverStore {
  readonly store: ObjectStore
  /** Whether it was opened for this receiver, which then closes it. */
  readonly isOurs: boolean
  /** Rejects if the session can't be recorded into, now or ever. */
  readonly checkSession: (sessionId: string, ready: Promise<void>) => Promise<void>
}

const TICK_MILLIS = 1_000
/** How long the end waits for a target that gets the same: one that is down must not hold it up. */
const FORWARD_MILLIS = 5_000

/** A receiver at work: its endpoints, and what lies behind them. */
export class ListeningReceiver implements OtlpReceiver {
  readonly #config: ReceiverConfig
  readonly #storage: ReceiverStore | undefined
  readonly #events = new EventEmitter()
  readonly #counts = new ReceiverCounts()
  readonly #health = new StorageHealth()
  readonly #batches: ReceivedBatches
  readonly #forwarder: Forwarder | undefined
  #router: SessionRouter | undefined
  #intake: RecordingIntake | undefined
  readonly #tellFailure = createRareErrors((error) => this.#emit('failure', error))
  #recovery: RecoveryPasses | undefined
  #http: Endpoint | undefined
  #grpc: Endpoint | undefined
  #timer: NodeJS.Timeout | undefined
  #stopping: Promise<SessionMetadata[]> | undefined

  /** Resolves when it listens; when it can't, nothing of it is left. */
  static async start(
    config: ReceiverConfig,
    storage: ReceiverStore | undefined,
  ): Promise<ListeningReceiver> {
    const receiver = new ListeningReceiver(config, storage)
    try {
      await receiver.#start()
      return receiver
    } catch (error) {
      await receiver.stop()
      throw error
    }
  }

  private constructor(config: ReceiverConfig, storage: ReceiverStore | undefined) {
    this.#config = config
    this.#storage = storage
    this.#batches = new ReceivedBatches(config.maxQueueBytes)
    this.#forwarder = this.#createForwarder()
  }

  get httpUrl(): string | undefined {
    return this.#http && `${this.isSecure ? 'https' : 'http'}://${this.#http.address}`
  }

  get grpcAddress(): string | undefined {
    return this.#grpc?.address
  }

  get isSecure(): boolean {
    return this.#config.tls !== undefined
  }

  get sessionId(): string {
    return this.#router?.defaultSession.sessionId ?? this.#config.sessionId
  }

  get batches(): Readable {
    return this.#batches.stream
  }

  status(): ReceiverStatus {
    const forwarding = this.#forwarder?.status()
    return {
      sessionId: this.sessionId,
      openSessions: this.#router?.openSessionIds ?? [],
      ...this.#counts.snapshot(),
      storage: this.#health.status(this.#router),
      ...(forwarding && { forwarding }),
    }
  }

  async rotate(sessionId?: string): Promise<string> {
    return this.#recording('rotate').rotate(sessionId)
  }

  async stopSession(sessionId: string): Promise<SessionMetadata> {
    return this.#recording('stopSession').stop(sessionId)
  }

  stop(): Promise<SessionMetadata[]> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  on<E extends keyof ReceiverEvents>(
    event: E,
    listener: (...args: ReceiverEvents[E]) => void,
  ): this {
    this.#events.on(event, listener)
    return this
  }

  off<E extends keyof ReceiverEvents>(
    event: E,
    listener: (...args: ReceiverEvents[E]) => void,
  ): this {
    this.#events.off(event, listener)
    return this
  }

  async #start(): Promise<void> {
    await this.#listen()
    // Not before it listens: a port that is taken must leave no session behind.
    const { sessionBy, screen, maxQueueBytes } = this.#config
    if (this.#storage) {
      this.#router = this.#createRouter(this.#storage.store)
      const { sessionId, ready } = this.#router.defaultSession
      await this.#storage.checkSession(sessionId, ready)
    }
    this.#intake = new RecordingIntake({
      router: this.#router,
      sessionBy,
      screen,
      maxQueueBytes,
      hasRoomFor: (bytes) => this.#hasTakers && this.#batches.hasRoomFor(bytes),
      onTaken: (taken) => this.#onTaken(taken),
    })
    this.#recovery = this.#startRecovery()
    this.#timer = setInterval(() => this.#tick(), TICK_MILLIS).unref()
  }

  /** Whether what is acknowledged gets anywhere: without recording, somebody else has to take it. */
  get #hasTakers(): boolean {
    return Boolean(this.#router) || Boolean(this.#forwarder) || this.#batches.isWatched
  }

  async #listen(): Promise<void> {
    const { http, grpc, maxRequestBytes, maxGrpcMessageBytes, corsOrigins } = this.#config
    const { maxQueueBytes, maxConnections, tls, bearerTokens } = this.#config
    const budget = new MemoryBudget(maxQueueBytes)
    const partsFor = (protocol: 'http' | 'grpc') => ({
      ...{ tls, bearerTokens, budget, maxConnections },
      ...this.#listenersFor(new EndpointMeter(protocol)),
    })
    if (http) {
      const parts = { ...partsFor('http'), ...http, maxRequestBytes, corsOrigins }
      this.#http = await startHttpEndpoint(parts)
    }
    if (grpc) {
      const limited = { ...partsFor('grpc'), ...grpc, maxRequestBytes: maxGrpcMessageBytes }
      this.#grpc = await startGrpcEndpoint(limited)
    }
    warnOfExposure([this.#http?.address, this.#grpc?.address], this.#config)
  }

  #listenersFor(meter: EndpointMeter): Pick<EndpointParts, 'intake' | 'onRefused'> {
    return {
      intake: { take: (signal, body) => this.#take(signal, body, meter) },
      onRefused: (status, signal) => {
        this.#counts.refuse(status)
        meter.refuse(status, signal)
      },
    }
  }

  async #take(signal: Signal, body: Uint8Array, meter: EndpointMeter): Promise<IntakeResult> {
    if (this.#intake) return this.#intake.take(signal, body, meter)
    throw new UnavailableError('the receiver starts', 1)
  }

  async #stop(): Promise<SessionMetadata[]> {
    const release = holdProcess()
    clearInterval(this.#timer)
    const signal = AbortSignal.timeout(this.#config.stopTimeoutMillis)
    await Promise.all([this.#http?.close(signal), this.#grpc?.close(signal)])
    this.#batches.end()
    // Before the sessions end: what is recovered may belong to one of them.
    await this.#recovery?.stop(signal)
    const limit = AbortSignal.any([signal, AbortSignal.timeout(FORWARD_MILLIS)])
    const [sessions] = await Promise.all([this.#router?.close(), this.#forwarder?.close(limit)])
    if (this.#storage?.isOurs) await this.#storage.store.close().catch(() => undefined)
    release()
    return sessions ?? []
  }

  #createRouter(store: ObjectStore): SessionRouter {
    const { sessionId, diagnosticSessionId, description, createdBy, enabledFlags } = this.#config
    const { ack, writeAheadFolder, stopTimeoutMillis } = this.#config
    const { compressionLevel, flushIntervalMillis, maxQueueBytes } = this.#config
    const folder = ack === 'stored' ? openWriteAheadFolder(writeAheadFolder) : undefined
    return new SessionRouter({
      writer: { store, compressionLevel, flushIntervalMillis, maxQueueBytes },
      createJournal: (owned) =>
        folder &&
        ((writerId) => folder.createJournal({ description: owned, writerId, storeUrl: store.url })),
      description: { sessionId, diagnosticSessionId, description, createdBy, enabledFlags },
      stopTimeoutMillis,
      onStarted: (started) => this.#emit('sessionStarted', started),
      onStopped: (metadata) => this.#emit('sessionStopped', metadata),
      onFailure: (error) => this.#onStoreFailure(error),
    })
  }

  #createForwarder(): Forwarder | undefined {
    const { forward, forwardHeaders, maxForwardQueueBytes } = this.#config
    if (forward === undefined) return undefined
    try {
      return createForwarder({
        targetEndpoint: forward,
        headers: forwardHeaders,
        maxQueueBytes: maxForwardQueueBytes,
        onFailure: (error) => this.#emit('failure', error),
      })
    } catch (error) {
      throw new ReceiverError('InvalidConfig', (error as Error).message, { cause: error })
    }
  }

  #startRecovery(): RecoveryPasses | undefined {
    const { ack, writeAheadFolder } = this.#config
    if (!this.#storage || ack !== 'stored') return undefined
    return new RecoveryPasses({
      folder: openWriteAheadFolder(writeAheadFolder),
      store: this.#storage.store,
      join: (sessionIds) => this.#join(sessionIds),
      onRecovered: (recovered) => this.#emit('recovered', recovered),
      onFailure: (error) => this.#emit('failure', error),
    })
  }

  /** Whoever names a session by an attribute goes on doing so, whether or not we were killed. */
  async #join(sessionIds: readonly string[]): Promise<void> {
    const { sessionBy } = this.#config
    const router = this.#router
    if (sessionBy === undefined || this.#stopping || !router) return
    await Promise.allSettled(sessionIds.map((sessionId) => router.route(sessionId)))
  }

  #onTaken({ signal, body, capturedAtUnixNano, summary, rejectedItems }: TakenRequest): void {
    this.#counts.receive(signal, body, summary)
    if (rejectedItems > 0) this.#counts.reject(rejectedItems)
    this.#batches.push({ signal, body, capturedAtUnixNano })
    this.#forwarder?.offer(signal, body, summary.itemCount)
  }

  #onStoreFailure(error: Error): void {
    this.#health.fail(error, this.#router)
    this.#tellFailure(error)
  }

  #tick(): void {
    followMeterProvider()
    const { sessionIdleMinutes, rotateMinutes, rotateMB } = this.#config
    const router = this.#router
    if (!router) return
    if (sessionIdleMinutes > 0) router.stopIdle(sessionIdleMinutes * 60_000)
    const session = router.defaultSession
    const isOld =
      rotateMinutes > 0 && Date.now() - session.startedAtMillis >= rotateMinutes * 60_000
    const isLarge = rotateMB > 0 && session.keptBytes >= rotateMB * 1_000_000
    // A session that was completed by somebody else takes nothing any more.
    if (isOld || isLarge || !session.isOpen) {
      router.rotate().catch((error: Error) => this.#onStoreFailure(error))
    }
  }

  #recording(method: string): SessionRouter {
    if (this.#router && !this.#stopping) return this.#router
    const problem = this.#router ? 'the receiver has stopped' : 'the receiver records nothing'
    throw new ReceiverError('InvalidConfig', `${method}: ${problem}`)
  }

  /** A listener that throws is its owner's bug to see, and must not end up as ours to survive. */
  #emit<E extends keyof ReceiverEvents>(event: E, ...args: ReceiverEvents[E]): void {
    try {
      this.#events.emit(event, ...args)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
