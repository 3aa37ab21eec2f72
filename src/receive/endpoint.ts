// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'
import type { BearerTokens } from './bearer-tokens'
import type { Intake } from './intake'
import type { MemoryBudget } from './memory-budget'
import type { ReceiverTls } from './receiver-tls'

/** What every endpoint is made of, whatever it speaks. */
export interface EndpointParts {
  /** Where to listen. Port 0 takes a free one. */
  readonly host: string
  readonly port: number
  readonly intake: Intake
  readonly budget: MemoryBudget
  /** Bytes of a request, as it comes and when it is inflated; one that is larger is refused. */
  readonly maxRequestBytes: number
  /** Connections that it has at the most; one that comes beyond is closed at once. */
  readonly maxConnections: number
  /** Undefined: plain text. */
  readonly tls?: ReceiverTls
  /** What senders have to name. Undefined: nothing. */
  readonly bearerTokens?: BearerTokens
  /**
   * Told of every request that was refused: an HTTP status, or a gRPC status by its name, and
   * of which signal the request was, if that is known.
   */
  readonly onRefused: (status: number | string, signal?: Signal) => void
}

/** A socket that listens, and what answers behind it. */
export interface Endpoint {
  /** Where it really listens: `127.0.0.1:4318`, `[::1]:4317`. */
  readonly address: string
  /**
   * Takes no further connections, lets the requests under way be answered, and
   * cuts those that are not when the signal fires. Never rejects.
   */
  close(signal: AbortSignal): Promise<void>
}
