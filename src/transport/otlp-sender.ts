// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { SIGNALS, type Signal, forEachSignal } from '../otlp/signal'
import { splitRequest } from '../otlp/split-request'
import { summarizeRequest } from '../otlp/summarize-request'
import { retrying } from '../storage/retry'
import {
  type ExporterMeter,
  type ExporterMeterOptions,
  createExporterMeter,
} from '../telemetry/exporter-meter'
import { AttemptJudge, GivenUpError, type TargetHistory } from './attempt-judge'
import { failureBy, failureIn } from './export-failure'
import type { OtlpAnswer, OtlpClient } from './otlp-client'
import { isGrpc } from './otlp-endpoint'
import { createOtlpGrpcClient } from './otlp-grpc-client'
import { createOtlpHttpClient } from './otlp-http-client'
import type { OtlpSenderOptions } from './sender-options'
import { TransportError } from './transport-error'

/** An OTLP request to send, and how many spans, data points or log records it holds. */
export interface OtlpRequest {
  readonly signal: Signal
  readonly body: Uint8Array
  readonly itemCount: number
}

/** What did not arrive of a request, and why. */
export interface SendRefusal {
  readonly itemCount: number
  /** HTTP status of the answer, where there was one. */
  readonly statusCode?: number
  readonly message: string
}

/** Sends OTLP requests to a target, over HTTP or gRPC. */
export interface OtlpSender {
  /**
   * Sends a request, again where OTLP says that another attempt may succeed, and tells from the
   * last answer what was refused. Rejects with `TransportError` of reason `Unreachable` when the
   * target answers nothing at all, or asks to come again whatever is sent, and with the reason of
   * `abort` when that fires.
   */
  send(request: OtlpRequest, abort: AbortSignal): Promise<SendRefusal | undefined>

  /** Ends every connection. */
  close(): Promise<void>
}

const MAX_RETRY_DELAY_MILLIS = 5_000
const NO_BODY = new Uint8Array()

const log = diag.createComponentLogger({ namespace: 'otel-tape/transport' })

/** @param purpose under which what is sent is measured */
export function createOtlpSender(
  options: OtlpSenderOptions,
  purpose: ExporterMeterOptions['purpose'],
): OtlpSender {
  return new RetryingSender(options, clientsFor(options), metersFor(options, purpose))
}

class RetryingSender implements OtlpSender {
  readonly #options: OtlpSenderOptions
  readonly #clients: Readonly<Record<Signal, OtlpClient>>
  readonly #meters: Readonly<Record<Signal, ExporterMeter>>
  readonly #histories: Readonly<Record<Signal, TargetHistory>>

  constructor(
    options: OtlpSenderOptions,
    clients: Readonly<Record<Signal, OtlpClient>>,
    meters: Readonly<Record<Signal, ExporterMeter>>,
  ) {
    this.#options = options
    this.#clients = clients
    this.#meters = meters
    this.#histories = historiesFor(options)
  }

  async send(request: OtlpRequest, abort: AbortSignal): Promise<SendRefusal | undefined> {
    const parts = partsOf(request, this.#clients[request.signal].maxRequestBytes)
    if (parts.length === 1) return this.#sendPart(request, abort)
    const refusals: SendRefusal[] = []
    for (const part of parts) {
      const refusal = await this.#sendPart(part, abort)
      if (refusal) refusals.push(refusal)
    }
    return refusals.length === 0 ? undefined : merged(refusals)
  }

  async close(): Promise<void> {
    await Promise.all([...new Set(Object.values(this.#clients))].map((client) => client.close()))
  }

  async #sendPart(part: OtlpRequest, abort: AbortSignal): Promise<SendRefusal | undefined> {
    const { signal, itemCount } = part
    const encoded = await this.#clients[signal].encode(part.body)
    const begunAt = this.#meters[signal].begin(itemCount)
    let answer: OtlpAnswer
    try {
      answer = await this.#lastAnswer(signal, encoded, abort)
    } catch (error) {
      this.#meters[signal].end(begunAt, itemCount, {}, failureBy(error, itemCount, abort))
      abort.throwIfAborted()
      await this.#checkReachable(signal, error as Error, abort)
      const message = `${this.#shown(signal)} gave no answer: ${reasonIn(error as Error)}`
      return { itemCount, message }
    }
    this.#meters[signal].end(begunAt, itemCount, answer, failureIn(answer, itemCount))
    if (answer.verdict === 'again') await this.#checkTaking(signal, answer.message, abort)
    return this.#refusalIn(answer, part)
  }

  async #lastAnswer(signal: Signal, encoded: Uint8Array, abort: AbortSignal): Promise<OtlpAnswer> {
    try {
      return await this.#post(signal, encoded, abort)
    } catch (error) {
      if (error instanceof AskedToRetry && !abort.aborted) return error.answer
      throw error instanceof GivenUpError ? error.failure : error
    }
  }

  #post(signal: Signal, encoded: Uint8Array, abort: AbortSignal): Promise<OtlpAnswer> {
    const { retry, timeoutMillis, onRetry } = this.#options
    const history = this.#histories[signal]
    // Few requests ever need one.
    let judge: AttemptJudge | undefined
    const judgeOf = (): AttemptJudge | undefined => {
      if (!this.#isPatient) return undefined
      judge ??= new AttemptJudge(history, (empty) => this.#sendEmpty(signal, empty))
      return judge
    }
    return retrying(
      async (attemptSignal) => {
        if (judge?.isInDoubt) await judge.consider(attemptSignal)
        const answer = await this.#clients[signal].post(signal, encoded, attemptSignal)
        history.hasAnswered = true
        if (answer.verdict === 'again') throw new AskedToRetry(answer)
        return answer
      },
      {
        // Whatever else went wrong, went wrong on the way.
        isRetryable: (error) => !(error instanceof GivenUpError) && (judge?.isWorthwhile() ?? true),
        delayHintMillis: (error) => {
          onRetry?.(`${this.#shown(signal)}: ${reasonIn(error as Error)}`)
          if (!(error instanceof AskedToRetry)) return void judgeOf()?.failed(error as Error)
          judgeOf()?.answered()
          return error.answer.retryAfterMillis
        },
        timeoutMillis: retry.totalTimeoutMillis,
        attemptTimeoutMillis: timeoutMillis,
        maxAttempts: retry.maxAttempts,
        initialDelayMillis: retry.initialDelayMillis,
        maxDelayMillis: MAX_RETRY_DELAY_MILLIS,
        signal: abort,
      },
    )
  }

  /**
   * Throws if nothing can arrive. A request that gets no answer may be to blame
   * itself (some servers drop the connection of a request that is too large),
   * and must not end the replay of all others; a target that is down must. An
   * empty request, which is valid and carries nothing, tells one from the other.
   */
  async #checkReachable(signal: Signal, failure: Error, abort: AbortSignal): Promise<void> {
    let probed: OtlpAnswer
    try {
      probed = await this.#probe(signal, abort)
    } catch {
      abort.throwIfAborted()
      throw new TransportError(
        'Unreachable',
        `${this.#shown(signal)} can't be reached: ${reasonIn(failure)}. ` +
          (isDistrust(failure)
            ? 'Name the file of who signed its certificate in OTEL_EXPORTER_OTLP_CERTIFICATE'
            : `Check that an ${this.#clients[signal].protocolName} endpoint listens there`),
        { cause: failure },
      )
    }
    this.#checkTakes(probed, signal)
  }

  /**
   * Throws if a target that was asked for as long as it takes wants an empty request again as well:
   * it would refuse all that is left in the same way, one budget after another.
   */
  async #checkTaking(signal: Signal, message: string, abort: AbortSignal): Promise<void> {
    if (!this.#isPatient) return
    const probed = await this.#probe(signal, abort).catch(() => undefined)
    abort.throwIfAborted()
    this.#checkTakes(probed ?? { verdict: 'again', message }, signal)
  }

  #checkTakes(probed: OtlpAnswer, signal: Signal): void {
    if (!this.#isPatient || probed.verdict !== 'again') return
    const message = `${this.#shown(signal)} takes nothing: it ${probed.message}`
    throw new TransportError('Unreachable', message)
  }

  /** Sends an empty request, once. */
  #probe(signal: Signal, abort: AbortSignal): Promise<OtlpAnswer> {
    return retrying((attemptSignal) => this.#sendEmpty(signal, attemptSignal), {
      isRetryable: () => false,
      maxAttempts: 1,
      timeoutMillis: this.#options.timeoutMillis,
      signal: abort,
    })
  }

  async #sendEmpty(signal: Signal, attemptSignal: AbortSignal): Promise<OtlpAnswer> {
    const client = this.#clients[signal]
    return client.post(signal, await client.encode(NO_BODY), attemptSignal)
  }

  /** Whether attempts are limited by time alone. */
  get #isPatient(): boolean {
    return this.#options.retry.maxAttempts === Infinity
  }

  #refusalIn(answer: OtlpAnswer, { signal, itemCount }: OtlpRequest): SendRefusal | undefined {
    const shown = this.#shown(signal)
    if (answer.verdict === 'accepted') {
      // OTLP's way to warn of what was accepted all the same.
      if (answer.warning) log.warn(`${shown} took a request with a warning: ${answer.warning}`)
      return undefined
    }
    const { statusCode } = answer
    return {
      // A target that claims to have refused more than it was sent is not believed.
      itemCount:
        answer.verdict === 'partial' ? Math.min(answer.rejectedItems, itemCount) : itemCount,
      ...(statusCode !== undefined && { statusCode }),
      message: `${shown} ${answer.message}`,
    }
  }

  /** Without the query, which may hold a key. */
  #shown(signal: Signal): string {
    return this.#options.endpoints[signal].split('?', 1)[0]
  }
}

class AskedToRetry extends Error {
  constructor(readonly answer: OtlpAnswer & { readonly verdict: 'again' }) {
    super(answer.message)
  }
}

function metersFor(
  { endpoints }: OtlpSenderOptions,
  purpose: ExporterMeterOptions['purpose'],
): Record<Signal, ExporterMeter> {
  return forEachSignal((signal) => {
    const endpoint = endpoints[signal]
    const protocol = isGrpc(endpoint) ? 'grpc' : 'http'
    return createExporterMeter({ signal, protocol, purpose, endpoint })
  })
}

/** One for each host: a signal that was not sent so far goes where others went. */
function historiesFor({ endpoints }: OtlpSenderOptions): Record<Signal, TargetHistory> {
  const histories = new Map<string, TargetHistory>()
  return forEachSignal((signal) => {
    const { host } = new URL(endpoints[signal])
    const history = histories.get(host) ?? { hasAnswered: false }
    histories.set(host, history)
    return history
  })
}

/** One client for all signals over HTTP, and one for each target over gRPC. */
function clientsFor(options: OtlpSenderOptions): Record<Signal, OtlpClient> {
  const { endpoints } = options
  const clients = new Map<string, OtlpClient>()
  const clientOf = (signal: Signal): OtlpClient => {
    const endpoint = endpoints[signal]
    const key = isGrpc(endpoint) ? endpoint : 'http'
    const client = clients.get(key) ?? createClient(endpoint, options)
    clients.set(key, client)
    return client
  }
  const [traces, metrics, logs] = SIGNALS.map(clientOf)
  return { traces, metrics, logs }
}

function createClient(endpoint: string, options: OtlpSenderOptions): OtlpClient {
  return isGrpc(endpoint)
    ? createOtlpGrpcClient({ ...options, endpoint })
    : createOtlpHttpClient(options)
}

/** In order. What can't be split is sent as it is: the target will say what is wrong with it. */
function partsOf(request: OtlpRequest, maxBytes: number): OtlpRequest[] {
  const { body, signal } = request
  if (body.length <= maxBytes) return [request]
  try {
    const parts = splitRequest(body, signal, maxBytes)
    if (parts.length === 1) return [request]
    return parts.map((part) => ({
      signal,
      body: part,
      itemCount: summarizeRequest(part, signal).itemCount,
    }))
  } catch (error) {
    if (error instanceof MalformedOtlpError) return [request]
    throw error
  }
}

function merged(refusals: readonly SendRefusal[]): SendRefusal {
  const [{ statusCode }] = refusals
  return {
    itemCount: refusals.reduce((sum, { itemCount }) => sum + itemCount, 0),
    ...(statusCode !== undefined && { statusCode }),
    message: [...new Set(refusals.map(({ message }) => message))].join('; '),
  }
}

/** Whether somebody answered whose certificate nobody vouches for. */
function isDistrust(error: Error): boolean {
  return /certificate|unable to get .* issuer|UNABLE_TO_|SELF_SIGNED/i.test(reasonIn(error))
}

/** The message, and the code where the message says nothing, as with an AggregateError. */
function reasonIn(error: Error & { code?: string }): string {
  return error.message || (error.code ?? error.name)
}
