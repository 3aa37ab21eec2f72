// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** What an input is made of, so that a mutant can be wrong in one place and right in all others. */
export type InputShape = 'protobuf' | 'json' | 'text' | 'bytes'

/** A parser that is fuzzed, and what has to hold of it. */
export interface FuzzTarget {
  readonly name: string
  readonly shape: InputShape
  /** Inputs that are right; mutants descend from them. */
  readonly seeds: () => readonly Uint8Array[]
  /** Texts that mean something to the parser. */
  readonly words?: readonly string[]
  /** Makes the checksums and lengths of a mutant right, so that it is looked into. */
  readonly repair?: (mutant: Uint8Array) => Uint8Array
  /**
   * Parses, and checks what has to hold of the result, which it returns. The input is its own to
   * alter. Whatever it throws is a bug, unless `isRefusal` knows it.
   */
  readonly parse: (input: Uint8Array) => unknown
  /** Whether an error is the parser's own way to say no. */
  readonly isRefusal: (error: unknown) => boolean
  /** How many cases it gets beside others, which have 1. Those that are slow get less. */
  readonly weight?: number
}

/** Thrown by a target's `parse` when something does not hold that has to. */
export class BrokenPromiseError extends Error {
  override readonly name = 'BrokenPromiseError'
}

export function ensure(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new BrokenPromiseError(promise)
}

export function refusesWith(
  ...classes: readonly (abstract new (...parameters: never[]) => Error)[]
): (error: unknown) => boolean {
  return (error) =>
    !(error instanceof BrokenPromiseError) && classes.some((refusal) => error instanceof refusal)
}

/** For parsers that never refuse: what can't be read is told in another way. */
export const neverRefuses = (): boolean => false

/** For those whose callers tell the error apart by nothing: a plain Error, whose message is made by us. */
export function refusesPlainly(error: unknown): boolean {
  return error instanceof Error && error.name === 'Error'
}
