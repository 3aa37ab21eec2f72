// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { groupByResource } from '../otlp/group-by-resource'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { OtlpBatch } from '../otlp/otlp-batch'
import type { Signal } from '../otlp/signal'
import { sniffSignal } from '../otlp/sniff-signal'
import { type RequestSummary, summarizeRequest } from '../otlp/summarize-request'
import type { Screen } from '../session/screen'
import { SessionError } from '../session/session-error'
import type { EndpointMeter } from './endpoint-meter'
import { type Intake, type IntakeResult, UnavailableError } from './intake'
import type { RecordedSession } from './recorded-session'
import type { SessionRouter } from './session-router'

export interface RecordingIntakeParts {
  /** Undefined: nothing is recorded. */
  readonly router?: SessionRouter
  /** The resource attribute that names the session; undefined: all goes into the default one. */
  readonly sessionBy?: string
  /** Undefined: all of a request may be kept. */
  readonly screen?: Screen
  /** Bytes that may wait to be stored, over all sessions. */
  readonly maxQueueBytes: number
  /** Whether whoever else has to take it has room for so many bytes. */
  readonly hasRoomFor: (bytes: number) => boolean
  /** Told of what was taken, when it is kept. */
  readonly onTaken: (taken: TakenRequest) => void
}

export interface TakenRequest {
  readonly signal: Signal
  readonly body: Uint8Array
  readonly capturedAtUnixNano: bigint
  readonly summary: RequestSummary
  readonly rejectedItems: number
}

/** A part of a request, and where it goes. */
interface RoutedPart {
  readonly body: Uint8Array
  readonly session: RecordedSession
}

/** What of it is kept; without a body if sampling left out all of it. */
interface KeptPart {
  readonly body?: Uint8Array
  readonly session: RecordedSession
  readonly summary?: RequestSummary
  readonly sampledOutItems?: number
}

interface Routes {
  readonly parts: readonly RoutedPart[]
  readonly refused: IntakeResult
}

const NOTHING_REFUSED: IntakeResult = Object.freeze({ rejectedItems: 0, message: '' })
const RETRY_SECONDS = 1
/** Sessions may end while a request waits for another one; then it is routed anew. */
const MAX_ROUTINGS = 3

/**
 * Hands what an endpoint received to the sessions that it belongs to. All of a
 * request is taken in one go, or none of it: a sender that is told to come again
 * must not leave half of its request behind.
 */
export class RecordingIntake implements Intake {
  readonly #parts: RecordingIntakeParts

  constructor(parts: RecordingIntakeParts) {
    this.#parts = parts
  }

  async take(signal: Signal, body: Uint8Array, meter?: EndpointMeter): Promise<IntakeResult> {
    // Senders ask so whether somebody is there; there is nothing in it to keep.
    if (body.length === 0) return NOTHING_REFUSED
    const summary = summarizeRequest(body, signal)
    checkSignal(signal, body)
    const capturedAtUnixNano = BigInt(Date.now()) * 1_000_000n
    const { router, onTaken } = this.#parts
    if (!router) this.#checkRoom(0, body.length)
    const refused = router
      ? await this.#record(router, { signal, body, capturedAtUnixNano }, summary)
      : NOTHING_REFUSED
    const { rejectedItems } = refused
    onTaken({ signal, body, capturedAtUnixNano, summary, rejectedItems })
    meter?.take(signal, body.length, summary.itemCount, rejectedItems)
    return refused
  }

  async #record(
    router: SessionRouter,
    batch: OtlpBatch,
    summary: RequestSummary,
  ): Promise<IntakeResult> {
    const { signal, body } = batch
    const { parts: routed, refused } = await this.#route(router, signal, body)
    const parts = this.#screened(routed, batch, summary)
    // From here to the last `take`, nothing may be awaited.
    this.#checkRoom(router.waitingBytes, body.length)
    const hasRoom = ({ session, body }: KeptPart): boolean =>
      body === undefined || session.hasRoomFor(body.length)
    if (!parts.every(hasRoom)) throw overloaded()
    const durable: Promise<void>[] = []
    for (const part of parts) {
      if (part.body === undefined) continue
      // What was taken apart has to be counted anew.
      const known = part.body === body ? summary : part.summary
      const accepted = part.session.take({ ...batch, body: part.body }, known)
      // Not kept, so not to be acknowledged, whatever the checks above overlooked.
      if (accepted === undefined) throw overloaded()
      durable.push(accepted.durable)
    }
    for (const { session, sampledOutItems = 0 } of parts) {
      if (sampledOutItems > 0) session.countSampledOut(signal, sampledOutItems)
    }
    try {
      await Promise.all(durable)
    } catch (error) {
      throw new UnavailableError('the request could not be kept', RETRY_SECONDS, { cause: error })
    }
    return refused
  }

  /** @throws MalformedOtlpError when a part can't be followed as far as the screen has to look */
  #screened(
    parts: readonly RoutedPart[],
    { signal, body }: OtlpBatch,
    summary: RequestSummary,
  ): readonly KeptPart[] {
    const { screen } = this.#parts
    if (screen === undefined) return parts
    return parts.map(({ session, body: part }) => {
      const known = part === body ? summary : summarizeRequest(part, signal)
      const { kept, sampledOutItems } = screen.screen(signal, { body: part, summary: known })
      return { session, ...kept, sampledOutItems }
    })
  }

  async #route(router: SessionRouter, signal: Signal, body: Uint8Array): Promise<Routes> {
    const { sessionBy } = this.#parts
    for (let routing = 1; routing <= MAX_ROUTINGS; routing++) {
      const routes =
        sessionBy === undefined
          ? { parts: [{ body, session: router.defaultSession }], refused: NOTHING_REFUSED }
          : await routeByResource(router, signal, body, sessionBy)
      if (routes.parts.every(({ session }) => session.isOpen)) return routes
    }
    throw new UnavailableError('the session is about to end', RETRY_SECONDS)
  }

  #checkRoom(waitingBytes: number, bytes: number): void {
    const { maxQueueBytes, hasRoomFor } = this.#parts
    const isFull = waitingBytes > 0 && waitingBytes + bytes > maxQueueBytes
    if (isFull || !hasRoomFor(bytes)) throw overloaded()
  }
}

async function routeByResource(
  router: SessionRouter,
  signal: Signal,
  body: Uint8Array,
  sessionBy: string,
): Promise<Routes> {
  const parts: RoutedPart[] = []
  const messages: string[] = []
  let rejectedItems = 0
  for (const { value, body: part } of groupByResource(body, signal, sessionBy)) {
    try {
      const session =
        value === undefined
          ? router.defaultSession
          : (router.openSession(value) ?? (await router.route(value)))
      parts.push({ body: part, session })
    } catch (error) {
      if (!(error instanceof SessionError)) throw error
      rejectedItems += summarizeRequest(part, signal).itemCount
      messages.push(error.message)
    }
  }
  return { parts, refused: { rejectedItems, message: messages.join('; ') } }
}

/** The three kinds of request look alike from outside; taken as another, one would be stored for good. */
function checkSignal(signal: Signal, body: Uint8Array): void {
  const found = sniffSignal(body)
  if (found !== undefined && found !== signal) {
    throw new MalformedOtlpError(`these ${body.length} bytes are OTLP ${found}, not ${signal}`)
  }
}

function overloaded(): UnavailableError {
  return new UnavailableError('the receiver can keep no more just now; come again', RETRY_SECONDS)
}
