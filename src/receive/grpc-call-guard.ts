// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js'
import { SIGNALS, type Signal } from '../otlp/signal'
import type { EndpointParts } from './endpoint'
import { EXPORT_SERVICES } from './grpc-descriptors'
import { noRoom, statusName, toCallStatus } from './grpc-status'
import { RPC_CODE } from './rpc-status'

/** Stands before every call, and sees how it ends. */
export interface CallGuard {
  readonly interceptor: ServerInterceptor
  /** Ends the calls that last until somebody ends them: a health watch, a reflection. */
  endStreamingCalls(): void
}

type GuardParts = Pick<EndpointParts, 'budget' | 'onRefused' | 'bearerTokens'>

export function createCallGuard(parts: GuardParts): CallGuard {
  return new Guard(parts)
}

// The type that an interceptor has to return; what it is given has the same methods.
type Call = ServerInterceptingCall

const SIGNAL_OF_PATH = new Map<string, Signal>(
  SIGNALS.map((signal) => [`/${EXPORT_SERVICES[signal]}/Export`, signal]),
)
const OK = 0
const UNAUTHENTICATED = {
  code: RPC_CODE.UNAUTHENTICATED,
  details: 'this receiver wants a token of its own: authorization: Bearer ...',
}
/** Whoever restarts us, or sends nothing to us, asks without a token. */
const HEALTH_PATH = '/grpc.health.v1.Health/'
const CODINGS = 'identity,deflate,gzip'

class Guard implements CallGuard {
  readonly #parts: GuardParts
  readonly #streamingCalls = new Set<Call>()

  constructor(parts: GuardParts) {
    this.#parts = parts
  }

  readonly interceptor: ServerInterceptor = (method, base) => {
    const call = base as Call
    this.#watchStatus(call, SIGNAL_OF_PATH.get(method.path))
    if (!method.path.startsWith(HEALTH_PATH)) this.#checkToken(call)
    if (method.responseStream) this.#watchLife(call)
    else this.#refuseUnlessRoom(call)
    return call
  }

  endStreamingCalls(): void {
    for (const call of this.#streamingCalls) {
      call.sendStatus({ code: RPC_CODE.UNAVAILABLE, details: 'the receiver is stopping' })
    }
  }

  /**
   * A call that is wrapped in an interceptor's own sees only what handlers answer. What grpc-js
   * answers by itself (too large, can't be inflated) passes by, so the method itself is replaced.
   */
  #watchStatus(call: Call, signal: Signal | undefined): void {
    const sendStatus = call.sendStatus.bind(call)
    let isEnded = false
    call.sendStatus = (given) => {
      const code: number | null | undefined = given.code
      let sent = given
      if (code === RPC_CODE.UNIMPLEMENTED) {
        const { Metadata } = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js')
        // The protocol wants it said which codings there are.
        const metadata = given.metadata?.clone() ?? new Metadata()
        metadata.set('grpc-accept-encoding', CODINGS)
        sent = { ...given, metadata }
      }
      // A deadline may have ended the call before its answer was there.
      if (!isEnded && code !== OK) this.#parts.onRefused(statusName(code), signal)
      isEnded = true
      sendStatus(sent)
    }
  }

  /** Ended at its headers, a call's messages are dropped unread. */
  #checkToken(call: Call): void {
    const { bearerTokens } = this.#parts
    if (!bearerTokens) return
    const start = call.start.bind(call)
    call.start = (listener) => {
      start({
        ...listener,
        onReceiveMetadata: (metadata) => {
          const [authorization] = metadata.get('authorization')
          if (bearerTokens.allow(authorization?.toString())) listener.onReceiveMetadata(metadata)
          else call.sendStatus(UNAUTHENTICATED)
        },
      })
    }
  }

  #watchLife(call: Call): void {
    const start = call.start.bind(call)
    call.start = (listener) => {
      start({
        ...listener,
        onReceiveMetadata: (metadata) => {
          this.#streamingCalls.add(call)
          listener.onReceiveMetadata(metadata)
        },
        onCancel: () => {
          this.#streamingCalls.delete(call)
          listener.onCancel()
        },
      })
    }
  }

  /** Ended before it was started, a call is never read. */
  #refuseUnlessRoom(call: Call): void {
    const { usedBytes, maxBytes } = this.#parts.budget
    if (usedBytes >= maxBytes) call.sendStatus(toCallStatus(noRoom()))
  }
}
