// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../../otlp/signal'
import { segmentKeyOf } from '../session-keys'

/**
 * What a writer keeps of a segment in its folder on disk:
 * - `log`: the batches that go into it, one after another
 * - `spooled`: the segment itself, as it is to be stored
 * - `noted`: nothing but its name: it was about to be stored
 * - `temporary`: one that was being written when its writer was killed
 */
export type SegmentFileKind = 'log' | 'spooled' | 'noted' | 'temporary'

const SUFFIXES: Readonly<Record<SegmentFileKind, string>> = {
  log: '.wal',
  spooled: '',
  noted: '.sent',
  temporary: '.new',
}
const KINDS = Object.keys(SUFFIXES) as readonly SegmentFileKind[]

const NAME =
  /^(traces|metrics|logs)-(\d{1,16})-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.otlp\.gz/
/** The last moment that a `Date` knows. */
const MAX_MILLIS = 8.64e15

/** The name of the file that holds this of the segment. */
export function segmentFileOf(key: string, kind: SegmentFileKind): string {
  return `${key.slice(key.lastIndexOf('/') + 1)}${SUFFIXES[kind]}`
}

/** Of which kind a file in a writer's folder is; `undefined` if it is none of ours. */
export function kindOfFile(name: string): SegmentFileKind | undefined {
  // The key stands in a log, so its name may be any.
  if (name.endsWith(SUFFIXES.log)) return 'log'
  const segment = segmentNameIn(name)
  return segment && KINDS.find((kind) => name === `${segment.name}${SUFFIXES[kind]}`)
}

/** The segment that such a file is about. Its name is all that it says of its key. */
export function segmentOfFile(
  name: string,
  sessionId: string,
): { key: string; signal: Signal } | undefined {
  const segment = segmentNameIn(name)
  if (segment === undefined) return undefined
  return {
    key: segmentKeyOf(sessionId, segment.arrivalMillis, segment.name),
    signal: segment.signal,
  }
}

/** Sorts the names of files by when their segments began, the oldest first. */
export function byArrival(a: string, b: string): number {
  const [aMillis, bMillis] = [a, b].map((name) => segmentNameIn(name)?.arrivalMillis ?? 0)
  return aMillis - bMillis || (a < b ? -1 : 1)
}

interface SegmentName {
  readonly name: string
  readonly signal: Signal
  readonly arrivalMillis: number
}

function segmentNameIn(fileName: string): SegmentName | undefined {
  const [name, signal, digits] = NAME.exec(fileName) ?? []
  const arrivalMillis = Number(digits)
  if (name === undefined || arrivalMillis > MAX_MILLIS) return undefined
  // The pattern takes no other.
  return { name, signal: signal as Signal, arrivalMillis }
}
