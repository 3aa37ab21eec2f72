// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { HttpBindings } from '@hono/node-server'
import { diag } from '@opentelemetry/api'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { SIGNALS, type Signal } from '../otlp/signal'
import type { EndpointParts } from './endpoint'
import { mediaTypeOf, refusedAnswer, takenAnswer, type MediaType } from './http-answer'
import { SenderGoneError } from './http-body'
import { contentCodingOf, inflateBody } from './http-content-coding'
import type { HttpExchange } from './http-exchange'
import { encodeJsonBody } from './http-json-body'
import { HttpRefusal, toHttpRefusal } from './http-refusal'
import { Reservation } from './http-reservation'

export type HttpAppParts = Omit<EndpointParts, 'host' | 'port'> & {
  /** Origins whose pages may send, as `https://shop.example`; `*` for all. */
  readonly corsOrigins: readonly string[]
}

export interface HttpEnv {
  Bindings: HttpBindings & { readonly exchange: HttpExchange }
}

type HttpContext = Context<HttpEnv>

const log = diag.createComponentLogger({ namespace: 'otel-tape/receive' })

/** What answers OTLP/HTTP requests: `POST /v1/traces`, `/v1/metrics` and `/v1/logs`. */
export function createHttpApp(parts: HttpAppParts): Hono<HttpEnv> {
  const { Hono } = require('hono') as typeof import('hono')
  const app = new Hono<HttpEnv>()
  allowOrigins(app, parts.corsOrigins)
  const refuse = (context: HttpContext, refusal: HttpRefusal) => {
    parts.onRefused(refusal.status)
    return refusedAnswer(refusal, answerTypeOf(context))
  }
  for (const signal of SIGNALS) {
    const path = `/v1/${signal}`
    app.post(path, (context) => takeRequest(parts, signal, context))
    app.all(path, (context) =>
      refuse(context, new HttpRefusal(405, `${path} takes POST, not ${context.req.method}`)),
    )
  }
  app.notFound((context) =>
    refuse(context, new HttpRefusal(404, 'there is nothing but /v1/traces, /v1/metrics, /v1/logs')),
  )
  app.onError((error, context) => {
    // The sender is gone: nobody reads this answer, and nothing was refused.
    if (error instanceof SenderGoneError) return context.body(null)
    return refuse(context, toHttpRefusal(error) ?? internalError(error))
  })
  return app
}

async function takeRequest(
  { intake, budget, maxRequestBytes }: HttpAppParts,
  signal: Signal,
  { env: { exchange, incoming } }: HttpContext,
): Promise<Response> {
  const type = supportedTypeOf(incoming.headers['content-type'])
  const coding = contentCodingOf(incoming.headers['content-encoding'])
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

// A sender of some other type gets JSON, which people can read.
function answerTypeOf({ env }: HttpContext): MediaType {
  return mediaTypeOf(env.incoming.headers['content-type']) ?? 'application/json'
}

function internalError(error: Error): HttpRefusal {
  log.error(`a request failed: ${error.stack ?? error.message}`)
  return new HttpRefusal(500, 'internal error')
}

const PREFLIGHT_MAX_AGE_SECONDS = 7_200

// Other origins get no CORS headers at all, and 405 for their preflight.
function allowOrigins(app: Hono<HttpEnv>, origins: readonly string[]): void {
  if (origins.length === 0) return
  const { cors } = require('hono/cors') as typeof import('hono/cors')
  const isOpen = origins.includes('*')
  const middleware: MiddlewareHandler<HttpEnv> = cors({
    origin: isOpen ? '*' : [...origins],
    allowMethods: ['POST'],
    exposeHeaders: ['Retry-After'],
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
  })
  const forAllowedOrigins: MiddlewareHandler<HttpEnv> = (context, next) => {
    const origin = context.req.header('origin')
    const isAllowed = origin !== undefined && (isOpen || origins.includes(origin))
    return isAllowed ? middleware(context, next) : next()
  }
  app.use('/v1/*', forAllowedOrigins)
}
