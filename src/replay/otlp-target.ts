// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type OtlpSender, createOtlpSender } from '../transport/otlp-sender'
import {
  type OtlpHttpOptions,
  type OtlpSenderOptions,
  type SenderContext,
  resolveSenderOptions,
} from '../transport/sender-options'
import { TransportError } from '../transport/transport-error'
import { type BatchTarget, DEFAULT_CONCURRENCY, type Refusal } from './batch-sink'
import { type ReplayBatch, itemsOf } from './replay-batch'
import { ReplayError } from './replay-error'

export interface OtlpTargetContext extends Omit<SenderContext, 'connections'> {
  readonly concurrency?: number
}

/** @throws ReplayError of reason `InvalidConfig` */
export function resolveOtlpTarget(
  options: OtlpHttpOptions,
  { concurrency = DEFAULT_CONCURRENCY, ...context }: OtlpTargetContext,
): OtlpSenderOptions {
  try {
    return resolveSenderOptions(options, { ...context, connections: concurrency })
  } catch (error) {
    throw inReplayTerms(error)
  }
}

/** Sends batches to an OTLP endpoint, over whatever protocol it speaks. */
export function createOtlpTarget(options: OtlpSenderOptions): BatchTarget {
  return new OtlpTarget((onRetry) => createOtlpSender({ ...options, onRetry }, 'replay'))
}

class OtlpTarget implements BatchTarget {
  onRetry?: (message: string) => void
  readonly #sender: OtlpSender

  constructor(createSender: (onRetry: (message: string) => void) => OtlpSender) {
    this.#sender = createSender((message) => this.onRetry?.(message))
  }

  async deliver(batch: ReplayBatch, abort: AbortSignal): Promise<Refusal | undefined> {
    const { signal, body } = batch
    try {
      return await this.#sender.send({ signal, body, itemCount: itemsOf(batch) }, abort)
    } catch (error) {
      throw inReplayTerms(error)
    }
  }

  close(): Promise<void> {
    return this.#sender.close()
  }
}

function inReplayTerms(error: unknown): unknown {
  if (!(error instanceof TransportError)) return error
  const reason = error.reason === 'Unreachable' ? 'IngestionFailure' : error.reason
  return new ReplayError(reason, error.message, { cause: error.cause })
}
