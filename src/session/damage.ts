// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'

/** A piece of a session that could not be read. What stands around it was. */
export interface Damage {
  /** The object it lies in. */
  readonly key: string
  /** Where it begins, in bytes from the object's start. */
  readonly offsetBytes: number
  readonly reason: 'decompression' | 'malformed' | 'truncated' | 'foreign' | 'unreadable'
  readonly message: string
  readonly signal?: Signal
  /** Items lost with it, where the block's header still says so. */
  readonly itemCount?: number
}

/**
 * What a look at all of a session finds. Beside what can't be read that is what does
 * not agree with the rest of the session:
 *
 * - `inconsistent`: what is stored about it is not true; it can be read all the same
 * - `missing`: it was counted, and is found nowhere
 */
export interface FoundDamage extends Omit<Damage, 'reason' | 'itemCount'> {
  readonly reason: Damage['reason'] | 'inconsistent' | 'missing'
  /** Items in it, where that is known. Of those that are `inconsistent`, none is lost. */
  readonly itemCount?: number
}
