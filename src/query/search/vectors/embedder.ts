// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Turns texts into vectors that lie near each other where the texts mean the same. Any object of
 * this shape will do: a model in the process, or a service that is asked over the network.
 *
 * @example
 * const embedder: Embedder = {
 *   name: 'our-embedding-service/v3',
 *   dimensions: 768,
 *   async embed(texts, { signal } = {}) {
 *     const body = JSON.stringify({ texts })
 *     const response = await fetch('http://localhost:8080/embed', { method: 'POST', body, signal })
 *     const { vectors } = await response.json()
 *     return vectors.map((vector) => Float32Array.from(vector))
 *   },
 * }
 */
export interface Embedder {
  /** Of the model, with its version: vectors of different names are never compared. */
  readonly name: string
  /** How many numbers a vector has. */
  readonly dimensions: number
  /**
   * One vector for each text, in their order. Their lengths don't matter, only their directions.
   * Rejects as a whole when one of them fails, and with `signal.reason` when it fires.
   */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]>
  /** Gives back what it holds: threads, memory, connections. */
  close?(): Promise<void>
}

export interface EmbedOptions {
  signal?: AbortSignal
}
