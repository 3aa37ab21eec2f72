// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { FuzzTarget } from './fuzz-target'
import { MAX_MUTANT_BYTES, mutateBytes } from './mutate-bytes'
import { mutateJson } from './mutate-json'
import { mutateProtobuf } from './mutate-protobuf'
import type { Random } from './random'

/** Makes mutants of a target's corpus, which grows with what turns out to be new. */
export class Mutator {
  readonly #target: FuzzTarget
  readonly #random: Random
  readonly #words: readonly string[]
  readonly corpus: Uint8Array[]

  constructor(target: FuzzTarget, corpus: readonly Uint8Array[], random: Random) {
    this.#target = target
    this.#random = random
    this.#words = target.words ?? []
    // Never empty, so that there is something to change.
    this.corpus = corpus.length > 0 ? [...corpus] : [new Uint8Array([0])]
  }

  next(): Uint8Array {
    const random = this.#random
    let mutant = this.#ancestor()
    do mutant = this.#changed(mutant)
    while (random.chance(0.4))
    const { repair } = this.#target
    const limited = mutant.length > MAX_MUTANT_BYTES ? mutant.subarray(0, MAX_MUTANT_BYTES) : mutant
    return repair && random.chance(0.6) ? repair(limited) : limited
  }

  /** One of those found last, in half of the cases: they lead to where nobody has been. */
  #ancestor(): Uint8Array {
    const { corpus } = this
    const newest = Math.floor(corpus.length / 2)
    if (this.#random.chance(0.5)) return corpus[newest + this.#random.below(corpus.length - newest)]
    return this.#random.pick(corpus)
  }

  #changed(bytes: Uint8Array): Uint8Array {
    const change = this.#random.chance(0.6) ? BY_SHAPE[this.#target.shape] : mutateBytes
    return change(bytes, this.#random, this.corpus, this.#words)
  }
}

const BY_SHAPE = {
  protobuf: mutateProtobuf,
  json: mutateJson,
  text: mutateBytes,
  bytes: mutateBytes,
}
