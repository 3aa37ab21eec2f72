// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { parseUrl } from '../../../src/options/parse-url'
import { encodeRpcStatus } from '../../../src/receive/rpc-status'
import { parseExporterUrl } from '../../../src/transport/exporter-environment'
import { grpcRetryDelay } from '../../../src/transport/grpc-retry-delay'
import { judgeGrpcSuccess } from '../../../src/transport/judge-grpc-answer'
import { judgeHttpAnswer } from '../../../src/transport/judge-http-answer'
import type { OtlpAnswer } from '../../../src/transport/otlp-client'
import { endpointsBelow } from '../../../src/transport/otlp-endpoint'
import {
  checkGrpcHeaders,
  isHeaders,
  parseHeaders,
  withLowerCaseNames,
} from '../../../src/transport/otlp-headers'
import { TransportError } from '../../../src/transport/transport-error'
import {
  type FuzzTarget,
  ensure,
  neverRefuses,
  refusesPlainly,
  refusesWith,
} from '../support/fuzz-target'
import { ensureNothingInherited } from '../support/prototypes'
import { bytesOf, seedTexts, textOf } from './seeds'

/** An `Export…ServiceResponse` with 3 items rejected and a message. */
const PARTIAL_SUCCESS = Buffer.from('0a0708031203626164', 'hex')

function ensureFit(answer: OtlpAnswer): void {
  ensureNothingInherited(answer)
  if (answer.verdict === 'partial') {
    ensure(answer.rejectedItems > 0, 'a partial success rejects something')
  }
  if (answer.verdict === 'again') {
    ensure((answer.retryAfterMillis ?? 0) >= 0, 'a target asks to wait, never to go back')
  }
}

export const transportTargets: readonly FuzzTarget[] = [
  {
    name: 'answers over HTTP, JSON',
    shape: 'json',
    seeds: seedTexts(
      '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"bad"}}',
      '{"partial_success":{"rejected_log_records":3,"error_message":"bad"}}',
      '{"code":8,"message":"slow down","details":[{"retryDelay":"1s"}]}',
    ),
    words: ['partialSuccess', 'rejectedSpans', 'rejectedDataPoints', 'errorMessage', 'message'],
    weight: 5,
    parse: (body) => {
      for (const statusCode of [200, 503]) {
        ensureFit(judgeHttpAnswer({ statusCode, contentType: 'application/json', body }))
      }
    },
    isRefusal: neverRefuses,
  },
  {
    name: 'answers in protobuf, over HTTP and gRPC',
    shape: 'protobuf',
    seeds: () => [PARTIAL_SUCCESS, encodeRpcStatus({ code: 8, message: 'slow down' })],
    weight: 5,
    parse: (body) => {
      for (const statusCode of [200, 429]) {
        ensureFit(judgeHttpAnswer({ statusCode, contentType: 'application/x-protobuf', body }))
      }
      ensureFit(judgeGrpcSuccess(body))
    },
    isRefusal: neverRefuses,
  },
  {
    name: 'gRPC retry delays',
    shape: 'protobuf',
    seeds: () => [encodeRpcStatus({ code: 8, message: 'slow down', retryAfterSeconds: 7 })],
    weight: 5,
    parse: (status) => {
      const delay = grpcRetryDelay(status) ?? 0
      ensure(delay >= 0 && Number.isFinite(delay), 'a delay is a number of 0 or more')
    },
    isRefusal: neverRefuses,
  },
  {
    name: 'Retry-After and content types',
    shape: 'text',
    seeds: seedTexts('120', 'Wed, 21 Oct 2026 07:28:00 GMT', 'text/html; charset=utf-8', ''),
    words: ['GMT', 'application/json', 'application/x-protobuf', 'Jan', '(', '-'],
    weight: 5,
    parse: (input) => {
      const text = textOf(input)
      const body = bytesOf(text)
      ensureFit(judgeHttpAnswer({ statusCode: 503, contentType: '', retryAfter: text, body }))
      ensureFit(judgeHttpAnswer({ statusCode: 200, contentType: text, body }))
    },
    isRefusal: neverRefuses,
  },
  {
    name: 'OTLP headers',
    shape: 'text',
    seeds: seedTexts('api-key=secret,x-scope=a%20b', ' name = value , other=%E2%82%AC'),
    words: ['=', ',', '%', '%20', '__proto__=', 'content-type=', 'grpc-timeout='],
    weight: 5,
    parse: (input) => {
      const headers = withLowerCaseNames(parseHeaders(textOf(input)))
      ensureNothingInherited(headers)
      ensure(isHeaders(headers), 'headers are what HTTP allows')
      try {
        checkGrpcHeaders(headers)
      } catch (error) {
        ensure(error instanceof TransportError, 'what gRPC refuses is named')
      }
    },
    isRefusal: refusesPlainly,
  },
  {
    name: 'OTLP endpoints',
    shape: 'text',
    seeds: seedTexts(
      'http://localhost:4318',
      'https://user:pass@otlp.example.com/prefix/v1/traces?key=1#x',
      'grpc://localhost:4317',
      'grpcs://[::1]:4317',
      'localhost:4318',
    ),
    words: ['http://', 'grpc://', '/v1/traces', '//', '@', ':', '[::1]', '?', '#', '\\'],
    weight: 5,
    parse: (input) => {
      const text = textOf(input)
      const { password } = parseExporterUrl(text, 'endpoint')
      const endpoints = Object.values(endpointsBelow(text, 'targetEndpoint'))
      for (const endpoint of endpoints) {
        ensure(parseUrl(endpoint) !== undefined, 'an endpoint is a URL')
        ensure(password === '' || !endpoint.includes(password), 'an endpoint holds no password')
      }
    },
    isRefusal: refusesWith(TransportError),
  },
]
