// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'

/** One request, one answer: neither retries nor counts items. */
export interface OtlpClient {
  /** The largest request that targets take, in bytes. */
  readonly maxRequestBytes: number

  /** What the target should be, for whoever has to find out why it does not answer. */
  readonly protocolName: string

  /** A request's body as it goes over the wire: made once, sent as often as it takes. */
  encode(body: Uint8Array): Promise<Uint8Array>

  /** Sends an encoded body. Rejects when there was no whole answer, with what was in the way. */
  post(signal: Signal, encoded: Uint8Array, abort: AbortSignal): Promise<OtlpAnswer>

  /** Ends every connection. */
  close(): Promise<void>
}

/** What a target said to a request, in the terms of OTLP. */
export type OtlpAnswer = AnswerDetails &
  (
    | { readonly verdict: 'accepted'; readonly warning?: string }
    /** Some of it was taken; the rest must not be sent again. */
    | { readonly verdict: 'partial'; readonly rejectedItems: number; readonly message: string }
    | { readonly verdict: 'refused'; readonly message: string }
    /** Another attempt may succeed. */
    | { readonly verdict: 'again'; readonly message: string; readonly retryAfterMillis?: number }
  )

interface AnswerDetails {
  /** Over HTTP. */
  readonly statusCode?: number
  /** Over gRPC, by its name. */
  readonly grpcStatus?: string
}
