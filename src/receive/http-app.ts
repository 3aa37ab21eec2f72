// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { SIGNALS } from '../otlp/signal'
import type { HttpAnswer } from './http-answer'
import type { HttpExchange } from './http-exchange'
import { type HttpExportParts, answerExport, answerRefusal, internalError } from './http-export'
import { HttpRefusal } from './http-refusal'

export type HttpAppParts = HttpExportParts & {
  /** Origins whose pages may send, as `https://shop.example`; `*` for all. */
  readonly corsOrigins: readonly string[]
}

export interface HttpEnv {
  Bindings: HttpBindings & { readonly exchange: HttpExchange }
}

type HttpContext = Context<HttpEnv>

/**
 * What answers all that an OTLP/HTTP endpoint may be asked: `POST /v1/traces`, `/v1/metrics` and
 * `/v1/logs`, also from pages of other origins, and whatever is none of these.
 */
export function createHttpApp(parts: HttpAppParts): Hono<HttpEnv> {
  const { Hono } = require('hono') as typeof import('hono')
  const app = new Hono<HttpEnv>()
  allowOrigins(app, parts.corsOrigins)
  const refuse = ({ env }: HttpContext, refusal: HttpRefusal) =>
    toResponse(answerRefusal(parts, refusal, env.exchange.headers))
  for (const signal of SIGNALS) {
    const path = `/v1/${signal}`
    app.post(path, async (context) => {
      const answer = await answerExport(parts, signal, context.env.exchange)
      return answer ? toResponse(answer) : context.body(null)
    })
    app.all(path, (context) =>
      refuse(context, new HttpRefusal(405, `${path} takes POST, not ${context.req.method}`)),
    )
  }
  app.notFound((context) =>
    refuse(context, new HttpRefusal(404, 'there is nothing but /v1/traces, /v1/metrics, /v1/logs')),
  )
  app.onError((error, context) => refuse(context, internalError(error)))
  return app
}

function toResponse({ status, headers, body }: HttpAnswer): Response {
  return new Response(body.length > 0 ? body : null, { status, headers })
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
