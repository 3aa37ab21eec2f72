// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { SIGNALS, type Signal } from '../otlp/signal'
import type { EndpointParts } from './endpoint'
import {
  type HttpAnswer,
  type MediaType,
  mediaTypeOf,
  refusedAnswer,
  takenAnswer,
} from './http-answer'
import { SenderGoneError } from './http-body'
import { contentCodingOf, inflateBody } from './http-content-coding'
import type { HttpExchange } from './http-exchange'
import { encodeJsonBody } from './http-json-body'
import { HttpRefusal, toHttpRefusal, unauthenticated } from './http-refusal'
import { Reservation } from './http-reservation'

export type HttpExportParts = Pick<
  EndpointParts,
  'intake' | 'budget' | 'maxRequestBytes' | 'onRefused' | 'bearerTokens'
>

const log = diag.createComponentLogger({ namespace: 'otel-tape/receive' })

const SIGNAL_OF_PATH = new Map<string | undefined, Signal>(
  SIGNALS.map((signal) => [`/v1/${signal}`, signal]),
)

/** Hosts that make a URL in any case. */
const PLAIN_HOST = /^[a-z0-9._-]+(?::[1-9]\d{3}|:[1-5]\d{4})?$/

/**
 * The signal of a request that is an export by its method and its path as they stand; undefined
 * when it takes more to know what it is: it may be one, be none, or come from a page.
 */
export function signalOfPlainExport(incoming: IncomingMessage): Signal | undefined {
  const { method, url, headers } = incoming
  if (method !== 'POST' || headers.origin !== undefined) return undefined
  // HTTP/1.0 has no Host.
  return PLAIN_HOST.test(headers.host ?? 'localhost') ? SIGNAL_OF_PATH.get(url) : undefined
}

/**
 * Takes what a signal's path was sent, and resolves with what to answer; undefined when
 * the sender is gone: nobody reads an answer then, and nothing was refused. Never rejects.
 */
export async function answerExport(
  parts: HttpExportParts,
  signal: Signal,
  exchange: HttpExchange,
): Promise<HttpAnswer | undefined> {
  try {
    return await takeExport(parts, signal, exchange)
  } catch (error) {
    if (error instanceof SenderGoneError) return undefined
    const refusal = toHttpRefusal(error) ?? internalError(error)
    return answerRefusal(parts, refusal, exchange.headers, signal)
  }
}

/** Counts a refusal and puts it into words that the sender reads. */
export function answerRefusal(
  { onRefused }: Pick<HttpExportParts, 'onRefused'>,
  refusal: HttpRefusal,
  headers: IncomingHttpHeaders,
  signal?: Signal,
): HttpAnswer {
  onRefused(refusal.status, signal)
  // A sender of some other type gets JSON, which people can read.
  return refusedAnswer(refusal, mediaTypeOf(headers['content-type']) ?? 'application/json')
}

/** A failure of ours, of which the sender is told no more than that. */
export function internalError(error: unknown): HttpRefusal {
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error)
  log.error(`a request failed: ${shown}`)
  return new HttpRefusal(500, 'internal error')
}

async function takeExport(
  { intake, budget, maxRequestBytes, bearerTokens }: HttpExportParts,
  signal: Signal,
  exchange: HttpExchange,
): Promise<HttpAnswer> {
  // Before anything else: what a stranger sends is not looked at.
  if (bearerTokens && !bearerTokens.allow(exchange.headers.authorization)) throw unauthenticated()
  const type = supportedTypeOf(exchange.headers['content-type'])
  const coding = contentCodingOf(exchange.headers['content-encoding'])
  const reservation = new Reservation(budget)
  try {
    const body = await exchange.readBody(maxRequestBytes, reservation)
    const content = coding ? await inflateBody(body, coding, maxRequestBytes, reservation) : body
    const request = type === 'application/json' ? encodeJsonBody(content, signal) : content
    return takenAnswer(signal, await intake.take(signal, request), type)
  } finally {
    reservation.release()
  }
}

function supportedTypeOf(contentType: string | undefined): MediaType {
  const type = mediaTypeOf(contentType)
  if (type) return type
  const shown = contentType === undefined ? 'no Content-Type' : JSON.stringify(contentType)
  throw new HttpRefusal(
    415,
    `OTLP/HTTP takes application/x-protobuf or application/json, not ${shown}`,
  )
}
