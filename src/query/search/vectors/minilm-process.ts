// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Runs in a process of its own. The runtime computes on the thread that calls it, whatever its
// promises look like, and would stop the app's event loop for as long as a text takes. And a thread
// of the app that is ended while it computes, be it by the app's process.exit(), takes the app
// with it: the runtime then throws where nothing can catch it, and the process aborts.

import { QueryError } from '../../query-error'
import { type MiniLmModel, loadMiniLm } from './minilm-model'
import type { MiniLmAnswer, MiniLmRequest } from './minilm-messages'
import type { PeerAnswer } from './peer'

let model: MiniLmModel | undefined

// One question at a time: the next one comes when this one is answered.
process.on('message', (request: MiniLmRequest) => {
  answer(request).then(
    (found) => post({ answer: found }),
    (error: unknown) => post(failureOf(error)),
  )
})
// Also when the app was killed.
process.on('disconnect', () => process.exit())
// Ctrl-C is meant for the app, which may want to finish what it does.
process.on('SIGINT', () => {})

async function answer(request: MiniLmRequest): Promise<MiniLmAnswer> {
  if (request.kind === 'load') {
    model = await loadMiniLm(request.files, request.threads)
    const { fingerprint, dimensions } = model
    return { kind: 'loaded', fingerprint, dimensions }
  }
  if (!model) throw new QueryError('EmbeddingFailure', 'the model is not loaded')
  return { kind: 'embedded', vectors: await model.embed(request.texts) }
}

function failureOf(error: unknown): PeerAnswer<never> {
  if (error instanceof QueryError) return { reason: error.reason, message: error.message }
  const message = error instanceof Error ? error.message : String(error)
  return { reason: 'EmbeddingFailure', message: `the model fails: ${message}` }
}

function post(message: PeerAnswer<MiniLmAnswer>): void {
  // Whom it would answer may be gone: then there is nobody to tell.
  process.send?.(message, () => {})
}
