// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { untilAborted } from '../../../session/until-aborted'
import { QueryError } from '../../query-error'
import type { Embedder } from './embedder'
import { toUnitVector } from './unit-vector'

/** The most texts that an embedder gets at once: services have limits, and a query wants its turn. */
const MAX_TEXTS = 64
/** A service that has said nothing for so long won't. */
const CALL_LIMIT_MILLIS = 60_000

/**
 * What an embedder gives for the texts, as vectors of length 1, a few texts at a time. Whatever
 * the embedder does: it rejects with `signal.reason` when that fires, and with `EmbeddingFailure`
 * when the embedder fails, is silent, or gives what are not the vectors of these texts.
 */
export async function embedChecked(
  embedder: Embedder,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const vectors: Float32Array[] = []
  while (vectors.length < texts.length) {
    const some = texts.slice(vectors.length, vectors.length + MAX_TEXTS)
    const given = await embedInTime(embedder, some, signal)
    vectors.push(...checkedVectors(embedder, some, given))
  }
  return vectors
}

async function embedInTime(
  embedder: Embedder,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly ArrayLike<number>[]> {
  const limit = AbortSignal.timeout(CALL_LIMIT_MILLIS)
  const either = AbortSignal.any([signal, limit])
  try {
    either.throwIfAborted()
    return await untilAborted(embedder.embed(texts, { signal: either }), either)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof QueryError) throw error
    const said = limit.aborted ? `no answer in ${CALL_LIMIT_MILLIS / 1000} s` : messageOf(error)
    throw failure(embedder, `failed: ${said}`, error)
  }
}

function checkedVectors(
  embedder: Embedder,
  texts: readonly string[],
  given: readonly ArrayLike<number>[],
): Float32Array[] {
  // Callers' own embedders may be plain JavaScript.
  if (!Array.isArray(given) || given.length !== texts.length) {
    const got = Array.isArray(given) ? String(given.length) : typeof given
    throw failure(embedder, `has to give ${texts.length} vectors for as many texts, gave ${got}`)
  }
  return given.map((vector: ArrayLike<number>, at) => {
    const text = `'${texts[at].slice(0, 100)}'`
    if (!Array.isArray(vector) && !ArrayBuffer.isView(vector)) {
      throw failure(embedder, `gave no vector for ${text} but ${typeof vector}`)
    }
    const whose = `the vector that '${embedder.name}' gave for ${text}`
    return toUnitVector(vector, embedder.dimensions, whose)
  })
}

function failure(embedder: Embedder, what: string, cause?: unknown): QueryError {
  return new QueryError('EmbeddingFailure', `the embedder '${embedder.name}' ${what}`, { cause })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
