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
