// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** What the embedder asks of its process. */
export type MiniLmRequest =
  | { readonly kind: 'load'; readonly files: ModelFiles; readonly threads: number }
  | { readonly kind: 'embed'; readonly texts: readonly string[] }

export type MiniLmAnswer = LoadedModel | EmbeddedTexts

export interface LoadedModel {
  readonly kind: 'loaded'
  /** Tells one set of weights from another. */
  readonly fingerprint: string
  readonly dimensions: number
}

export interface EmbeddedTexts {
  readonly kind: 'embedded'
  /** The vectors, end to end. */
  readonly vectors: Float32Array
}

/** Paths. */
export interface ModelFiles {
  readonly model: string
  readonly tokenizer: string
  readonly tokenizerConfig: string
}
