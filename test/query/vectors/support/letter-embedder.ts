// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { EmbedOptions, Embedder } from '../../../../src/query/search/vectors/embedder'

/** An embedder without a model: a text's vector tells its letters. Tests decide when it answers. */
export class LetterEmbedder implements Embedder {
  readonly name = 'letters'
  readonly dimensions = 26
  /** The texts of each call. */
  readonly calls: string[][] = []
  readonly signals: (AbortSignal | undefined)[] = []
  isClosed = false
  /** What a call waits for. */
  gate: Promise<void> = Promise.resolve()

  async embed(texts: readonly string[], { signal }: EmbedOptions = {}): Promise<Float32Array[]> {
    this.calls.push([...texts])
    this.signals.push(signal)
    await this.gate
    return texts.map(letters)
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  /** Keeps calls waiting, until the function that it returns is called. */
  hold(): () => void {
    let release = () => {}
    this.gate = new Promise((resolve) => (release = resolve))
    return () => release()
  }
}

export function letters(text: string): Float32Array {
  const counts = new Float32Array(26)
  // Never all zeros.
  counts[0] = 0.1
  for (const letter of text.toLowerCase()) {
    const at = letter.charCodeAt(0) - 97
    if (at >= 0 && at < 26) counts[at]++
  }
  return counts
}
