// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { QueryError } from '../../query-error'

/**
 * The vector of the same direction and length 1, so that a product of two is the cosine of the
 * angle between them. A vector without a direction would be found by nothing or by everything,
 * for ever: it throws `EmbeddingFailure`.
 *
 * @param whose for the message
 * @param into where it goes, if not into an array of its own. Left alone if it throws
 */
export function toUnitVector(
  vector: ArrayLike<number>,
  dimensions: number,
  whose: string,
  into = new Float32Array(dimensions),
): Float32Array<ArrayBuffer> {
  const length = checkedLength(vector, dimensions, whose)
  for (let i = 0; i < dimensions; i++) into[i] = vector[i] / length
  return into
}

function checkedLength(vector: ArrayLike<number>, dimensions: number, whose: string): number {
  if (vector.length !== dimensions) {
    throw failure(`${whose} has to have ${dimensions} dimensions, got ${vector.length}`)
  }
  let squares = 0
  for (let i = 0; i < dimensions; i++) squares += vector[i] * vector[i]
  if (squares > 0 && squares < Infinity) return Math.sqrt(squares)
  if (squares === 0) throw failure(`${whose} is all zeros, which is like no other`)
  const at = Array.prototype.findIndex.call(vector, (number: number) => !Number.isFinite(number))
  throw failure(`${whose} has a number that is not finite: ${vector[at]} at ${at}`)
}

function failure(message: string): QueryError {
  return new QueryError('EmbeddingFailure', message)
}
