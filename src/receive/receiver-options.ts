// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { RedactOptions } from '../otlp/redact-options'
import type { SamplingOptions } from '../otlp/sample-traces'
import type { ObjectStore } from '../storage/object-store'
import type { ReceiverTlsOptions } from './receiver-tls'

/** Options of `createOtlpReceiver`. All are optional; code beats environment beats default. */
export interface OtlpReceiverOptions {
  /** Where to listen for OTLP/HTTP, `HOST:PORT`; port 0 takes a free one, `off` none. Default `127.0.0.1:4318`. */
  http?: string
  /** Where to listen for OTLP/gRPC, `HOST:PORT`; port 0 takes a free one, `off` none. Default `127.0.0.1:4317`. */
  grpc?: string
  /**
   * What senders have to name, as `authorization: Bearer <token>`; of a list, one of them. Others are
   * refused with 401 (UNAUTHENTICATED) before their request is read. Default:
   * `OTEL_TAPE_RECEIVER_TOKEN`, a list divided by commas; else none is asked for.
   */
  bearerToken?: string | readonly string[]
  /**
   * Speaks TLS 1.2 or later, over HTTP and gRPC. Default: what `OTEL_TAPE_TLS_CERT`,
   * `OTEL_TAPE_TLS_KEY` and `OTEL_TAPE_TLS_CLIENT_CA` name; else plain text.
   */
  tls?: ReceiverTlsOptions
  /** Whether to record into sessions. Without, `batches` and `forward` are all there is: senders are told to
   * come again until one of the two takes what they send. Default true. */
  record?: boolean
  /** Names the session. Default: `OTEL_TAPE_SESSION_ID`, else generated, sortable by time. */
  sessionId?: string
  /**
   * A resource attribute whose value names the session that a resource's items go into, as
   * `otel_tape.session.id`. Resources without it go into `sessionId`. Default: all go there.
   */
  sessionBy?: string
  /** A session that requests are routed to ends when nothing came for it for so long. 0: never. Default 10. */
  sessionIdleMinutes?: number
  /** Goes on in another session every so many minutes. 0: never. Default 0. */
  rotateMinutes?: number
  /** Goes on in another session after so many megabytes (10^6 bytes, as stored). 0: never. Default 0. */
  rotateMB?: number
  /** Where to keep sessions: a store, or a URL for `openStore`. Default: `OTEL_TAPE_STORE`, see `openStore`. */
  store?: ObjectStore | string
  /** Session of another system that this one belongs to. */
  diagnosticSessionId?: string
  description?: string
  /** Feature flags that are on while it is recorded. */
  enabledFlags?: string[]
  /** Who or what records. Default `otel-tape`. */
  createdBy?: string
  /**
   * What must not be kept: it is taken out before a request is queued, journaled or stored. A request
   * that can't be followed to its end is refused. What is forwarded stays as it came.
   * Default: the attribute keys in `OTEL_TAPE_REDACT_ATTRIBUTE_KEYS`, divided by commas.
   */
  redact?: RedactOptions
  /**
   * Keeps a part of all traces, each of them whole: whoever samples, in whichever process, keeps
   * the same ones. What has no trace is kept. Default: `OTEL_TAPE_SAMPLING_RATIO`, else all.
   */
  sampling?: SamplingOptions
  /**
   * When a sender is told that its request was taken: `stored`, when it would survive a crash of
   * this process and of the machine; `memory`, at once: a crash then loses what was not
   * uploaded yet, some seconds' worth. Default `stored`.
   */
  ack?: 'stored' | 'memory'
  /**
   * Where requests are kept until they are in the store, with `ack: 'stored'`. A receiver that
   * was killed is followed by one that finds them here.
   * Default: `OTEL_TAPE_WRITE_AHEAD_FOLDER`, else `.otel-tape/write-ahead`.
   */
  writeAheadFolder?: string
  /** Another OTLP endpoint that gets the same bytes: `http(s)://…` or `grpc(s)://…`. */
  forward?: string
  /** Sent with what is forwarded. Default: `OTEL_EXPORTER_OTLP_HEADERS`. */
  forwardHeaders?: Readonly<Record<string, string>>
  /** Bytes that may wait to be forwarded; what comes beyond is not, and counted. Default 32 MiB. */
  maxForwardQueueBytes?: number
  /** Bytes of an OTLP/HTTP request, also when inflated. Default 20 MiB. */
  maxRequestBytes?: number
  /** Bytes of an OTLP/gRPC message, also when inflated. Default 4 MiB. */
  maxGrpcMessageBytes?: number
  /** Connections of each endpoint; one that comes beyond is closed at once. Default 1,000. */
  maxConnections?: number
  /** Bytes that may wait in memory to be stored; beyond it senders are told to come again. Default 64 MiB. */
  maxQueueBytes?: number
  /** Origins whose pages may send, as `https://shop.example`; `*` for all. Default none. */
  corsOrigins?: string[]
  /** How long a batch may wait before it is stored. Default 5,000. */
  flushIntervalMillis?: number
  /** zlib level, 0 (none), 1 (fast) to 9 (small). Default 1. */
  compressionLevel?: number
  /** How long `stop` may take. Default 30,000. */
  stopTimeoutMillis?: number
}
