// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** What the index asks of its thread, in order. */
export type VectorRequest =
  | { readonly kind: 'add'; readonly ids: number[]; readonly vectors: Float32Array<ArrayBuffer> }
  | { readonly kind: 'remove'; readonly id: number }
  | { readonly kind: 'search'; readonly query: Float32Array; readonly limit: number }
